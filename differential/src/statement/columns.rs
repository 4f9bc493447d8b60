//! ALTER TABLE of a column: added, dropped, renamed, of another type, with another default.

use super::{Kind, attributes, kind, one, part};
use crate::draw::Draw;
use crate::sql::{name, optional, qualified};
use crate::world::{Column, Relation, World};

pub(super) const KINDS: &[Kind] = &[
    kind("add column", 30, add),
    kind("add columns", 6, add_several),
    kind("add serial column", 3, add_numbered),
    kind("add generated column", 3, add_generated),
    kind("drop column", 12, drop),
    kind("drop column if exists", 2, drop_if_exists),
    kind("rename column", 14, rename),
    kind("alter type", 14, retype),
    kind("alter type using", 6, retype_using),
    kind("alter type collation", 2, recollate),
    part("set default", 8, set_default),
    kind("drop default", 4, drop_default),
    kind("set not null", 10, set_not_null),
    kind("drop not null", 6, drop_not_null),
    part("set statistics", 2, attributes::set_statistics),
    part("set storage", 2, attributes::set_storage),
    part("set compression", 1, attributes::set_compression),
    part("set attribute options", 1, attributes::set_options),
    kind("add identity", 2, attributes::add_identity),
    kind("drop identity", 2, attributes::drop_identity),
    kind("set identity", 2, attributes::set_identity),
    kind("drop expression", 1, drop_expression),
    kind("add block's column", 1, add_of_block),
    kind("several actions", 6, several_actions),
    kind("set column options of partition", 1, partition_default),
];

fn table(draw: &mut Draw, world: &World) -> Option<Relation> {
    draw.table(world).cloned()
}

pub(super) fn table_and_column(draw: &mut Draw, world: &World) -> Option<(Relation, Column)> {
    let table = table(draw, world)?;
    let column = draw.plain_column(&table)?.clone();
    Some((table, column))
}

/// `name type DEFAULT .. NOT NULL ..`, as beside ADD COLUMN.
pub(super) fn column_definition(
    draw: &mut Draw,
    column: &str,
    kind: &str,
    of: Option<&Relation>,
    world: &World,
) -> String {
    let base = kind.split(" COLLATE").next().unwrap_or(kind);
    let value = if draw.chance(18) {
        computed(draw, base)
    } else {
        None
    }
    .unwrap_or_else(|| draw.value(base, world));
    let default = if draw.chance(40) && value != "NULL" {
        optional(&format!(" DEFAULT {value}"))
    } else {
        String::new()
    };
    let not_null = if draw.chance(20) {
        optional(" NOT NULL")
    } else {
        String::new()
    };
    let unique = if draw.chance(4) {
        optional(" UNIQUE")
    } else {
        String::new()
    };
    let check = if draw.chance(5) {
        optional(&format!(" CHECK ({} IS NOT NULL)", name(column)))
    } else {
        String::new()
    };
    let reference = if draw.chance(8) {
        references(draw, of, world).map(|sql| optional(&sql))
    } else {
        None
    };
    let kind = reference.as_ref().map_or(kind, |_| "bigint");
    format!(
        "{} {kind}{default}{not_null}{unique}{check}{}",
        name(column),
        reference.unwrap_or_default()
    )
}

/// An expression as a default of a type, with brackets and casts where people write them.
fn computed(draw: &mut Draw, kind: &str) -> Option<String> {
    let base = kind.split('(').next().unwrap_or(kind);
    let all: &[&'static str] = match base {
        "boolean" => &["(true OR false)", "(NOT false)", "(1 > 2 AND true)"],
        "timestamp" | "timestamp without time zone" => {
            &["(now() AT TIME ZONE 'utc')", "timezone('utc'::text, now())"]
        }
        "timestamptz" | "timestamp with time zone" => {
            &["now()", "CURRENT_TIMESTAMP", "(now() + interval '1 day')"]
        }
        "date" => &["CURRENT_DATE", "('2020-01-01'::date + 1)"],
        "int" | "integer" | "bigint" => &[
            "(1 + 2)",
            "(-1)",
            "(CASE WHEN true THEN 4 ELSE 5 END)",
            "abs(-3)",
        ],
        "text" => &[
            "('a' || 'b')",
            "lower('X')",
            "'x'::text",
            "CURRENT_USER",
            "E'a\\nb'",
        ],
        "numeric" => &["(1.0 / 4)", "1.50::numeric"],
        "jsonb" => &[
            "'{}'::jsonb",
            "jsonb_build_object('a', 1)",
            "('{\"a\": 1}'::jsonb -> 'a')",
        ],
        "uuid" => &["gen_random_uuid()"],
        "interval" => &["interval '1' day", "('1 day'::interval * 2)"],
        "text[]" => &["ARRAY[]::text[]", "ARRAY['a', 'b']", "'{}'::text[]"],
        "int[]" => &["ARRAY[1, 2]", "'{}'"],
        _ => return None,
    };
    Some(draw.word(all).to_owned())
}

fn references(draw: &mut Draw, of: Option<&Relation>, world: &World) -> Option<String> {
    let other = draw.table(world)?;
    let [key] = other.key()[..] else { return None };
    let fits =
        matches!(key.kind.as_str(), "bigint" | "integer") && of.is_none_or(|of| of.kind == 'r');
    fits.then(|| format!(" REFERENCES {} ({})", other.sql(), name(&key.name)))
}

fn add(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = table(draw, world)?;
    let (column, kind) = (draw.fresh(world), draw.kind(world));
    let definition = column_definition(draw, &column, &kind, Some(&table), world);
    let exists = if draw.chance(8) {
        optional(" IF NOT EXISTS")
    } else {
        String::new()
    };
    one(format!(
        "ALTER TABLE {} ADD COLUMN{exists} {definition}",
        table.sql()
    ))
}

fn add_several(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = table(draw, world)?;
    let first = draw.fresh(world);
    let second = draw.fresh(world);
    let (one_kind, other_kind) = (draw.kind(world), draw.kind(world));
    let actions = [
        format!(
            "ADD COLUMN {}",
            column_definition(draw, &first, &one_kind, Some(&table), world)
        ),
        format!(
            "ADD COLUMN {}",
            column_definition(
                draw,
                &format!("{second}2"),
                &other_kind,
                Some(&table),
                world
            )
        ),
    ];
    one(format!(
        "ALTER TABLE {} {}",
        table.sql(),
        crate::sql::list(&actions)
    ))
}

fn add_numbered(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = table(draw, world)?;
    let column = draw.fresh(world);
    let kind = draw.word(&[
        "bigserial",
        "serial",
        "int GENERATED ALWAYS AS IDENTITY",
        "bigint GENERATED BY DEFAULT AS IDENTITY",
    ]);
    let unique = if draw.chance(30) {
        optional(" UNIQUE")
    } else {
        String::new()
    };
    one(format!(
        "ALTER TABLE {} ADD COLUMN {} {kind}{unique}",
        table.sql(),
        name(&column)
    ))
}

fn add_generated(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = table(draw, world)?;
    let column = draw.fresh(world);
    let from = draw.one(&table.columns)?.clone();
    let expression = match from.category {
        'N' => format!("{} * 2", name(&from.name)),
        'S' => format!("lower({}::text)", name(&from.name)),
        _ => return None,
    };
    let kind = if from.category == 'N' {
        from.kind.clone()
    } else {
        "text".to_owned()
    };
    let not_null = if draw.chance(20) {
        optional(" NOT NULL")
    } else {
        String::new()
    };
    one(format!(
        "ALTER TABLE {} ADD COLUMN {} {kind} GENERATED ALWAYS AS ({expression}) STORED{not_null}",
        table.sql(),
        name(&column)
    ))
}

fn drop(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    let cascade = if draw.chance(10) { " CASCADE" } else { "" };
    one(format!(
        "ALTER TABLE {} DROP COLUMN {}{cascade}",
        table.sql(),
        name(&column.name)
    ))
}

fn drop_if_exists(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    let gone = if draw.chance(50) {
        column.name
    } else {
        "nowhere".to_owned()
    };
    one(format!(
        "ALTER TABLE {} DROP COLUMN IF EXISTS {}",
        table.sql(),
        name(&gone)
    ))
}

fn rename(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    let to = draw.fresh(world);
    one(format!(
        "ALTER TABLE {} RENAME COLUMN {} TO {}",
        table.sql(),
        name(&column.name),
        name(&to)
    ))
}

/// A type that a column's values may become by themselves.
fn wider(draw: &mut Draw, column: &Column) -> Option<&'static str> {
    Some(match column.kind.split('(').next().unwrap_or_default() {
        "smallint" => draw.word(&["int", "bigint", "numeric"]),
        "integer" => draw.word(&["bigint", "bigint", "numeric", "text", "float8", "smallint"]),
        "bigint" => draw.word(&["numeric", "text", "int"]),
        "numeric" => draw.word(&[
            "numeric",
            "numeric(14,2)",
            "numeric(12)",
            "float8",
            "int",
            "text",
        ]),
        "character varying" => draw.word(&["text", "varchar(100)", "varchar", "varchar(20)"]),
        "text" => draw.word(&["varchar(80)", "varchar", "char(30)", "text COLLATE \"C\""]),
        "character" => draw.word(&["text", "char(20)"]),
        "date" => draw.word(&["timestamp", "timestamptz", "text"]),
        "timestamp without time zone" => draw.word(&["timestamptz", "date", "timestamp(3)"]),
        "timestamp with time zone" => draw.word(&["timestamp", "date", "timestamptz(0)"]),
        "real" => draw.word(&["float8", "numeric"]),
        "double precision" => draw.word(&["numeric", "real"]),
        "json" => draw.word(&["jsonb", "text"]),
        "jsonb" => draw.word(&["json", "text"]),
        "uuid" | "interval" | "inet" | "boolean" | "point" | "citext" => "text",
        "integer[]" => draw.word(&["bigint[]", "text[]"]),
        _ => return None,
    })
}

fn retype(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    let words = matches!(
        column.kind.split('(').next(),
        Some("text" | "character varying")
    );
    if words && draw.chance(15) && world.extensions.iter().any(|one| one == "citext") {
        return one(format!(
            "ALTER TABLE {} ALTER COLUMN {} TYPE citext",
            table.sql(),
            name(&column.name)
        ));
    }
    let own = world.types.iter().find(|one| one.name == column.kind);
    if let Some(own) = own {
        let to = own.base.clone().unwrap_or_else(|| "text".to_owned());
        return one(format!(
            "ALTER TABLE {} ALTER COLUMN {} TYPE {to}",
            table.sql(),
            name(&column.name)
        ));
    }
    let to = if draw.chance(8) {
        column.kind.clone()
    } else {
        wider(draw, &column)?.to_owned()
    };
    one(format!(
        "ALTER TABLE {} ALTER COLUMN {} TYPE {to}",
        table.sql(),
        name(&column.name)
    ))
}

fn retype_using(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    let sql = name(&column.name);
    let (to, using) = match column.category {
        'S' => match draw.number(0, 3) {
            0 => ("int".to_owned(), format!("length({sql}::text)")),
            1 => ("varchar(100)".to_owned(), format!("{sql}::varchar(100)")),
            2 => ("jsonb".to_owned(), format!("to_jsonb({sql})")),
            _ => ("text".to_owned(), format!("lower({sql}::text)")),
        },
        'N' => match draw.number(0, 2) {
            0 => ("text".to_owned(), format!("{sql}::text")),
            1 => ("boolean".to_owned(), format!("{sql} > 3")),
            _ => ("bigint".to_owned(), format!("({sql} * 10)::bigint")),
        },
        'E' => ("text".to_owned(), format!("upper({sql}::text)")),
        'B' => (
            "int".to_owned(),
            format!("CASE WHEN {sql} THEN 1 ELSE 0 END"),
        ),
        _ => ("text".to_owned(), format!("{sql}::text")),
    };
    one(format!(
        "ALTER TABLE {} ALTER COLUMN {sql} TYPE {to} USING {using}",
        table.sql()
    ))
}

fn recollate(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    (column.category == 'S' && !column.kind.starts_with("json")).then_some(())?;
    one(format!(
        "ALTER TABLE {} ALTER COLUMN {} TYPE {} COLLATE \"C\"",
        table.sql(),
        name(&column.name),
        column.kind
    ))
}

fn set_default(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    let value = if draw.chance(20) {
        computed(draw, &column.kind)
    } else {
        None
    };
    let value = value.unwrap_or_else(|| draw.value(&column.kind, world));
    one(format!(
        "ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {value}",
        table.sql(),
        name(&column.name)
    ))
}

fn drop_default(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    one(format!(
        "ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT",
        table.sql(),
        name(&column.name)
    ))
}

fn set_not_null(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    let mend = format!(
        "UPDATE {} SET {} = {} WHERE {} IS NULL",
        table.sql(),
        name(&column.name),
        draw.value(&column.kind, world),
        name(&column.name)
    );
    let set = format!(
        "ALTER TABLE {} ALTER COLUMN {} SET NOT NULL",
        table.sql(),
        name(&column.name)
    );
    Some(if draw.chance(40) {
        vec![mend, set]
    } else {
        vec![set]
    })
}

fn drop_not_null(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = table(draw, world)?;
    let demanded: Vec<&Column> = table.columns.iter().filter(|one| one.not_null).collect();
    let column = draw.one(&demanded)?;
    one(format!(
        "ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL",
        table.sql(),
        name(&column.name)
    ))
}

fn drop_expression(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let pairs: Vec<(&Relation, &Column)> = world
        .relations
        .iter()
        .flat_map(|table| table.columns.iter().map(move |column| (table, column)))
        .filter(|(_, column)| column.generated == "s")
        .collect();
    let (table, column) = draw.of_tables(&pairs)?;
    one(format!(
        "ALTER TABLE {} ALTER COLUMN {} DROP EXPRESSION",
        qualified(&table.schema, &table.name),
        name(&column.name)
    ))
}

/// Two or three actions in one ALTER TABLE.
fn several_actions(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let makers = [
        add,
        add,
        drop,
        retype,
        set_default,
        drop_default,
        drop_not_null,
        attributes::set_statistics,
        attributes::set_storage,
        super::constraints::check,
        super::constraints::unique,
        super::constraints::drop,
    ];
    let known = table(draw, world)?;
    let begin = format!("ALTER TABLE {} ", known.sql());
    let mut actions: Vec<String> = Vec::new();
    for _ in 0..9 {
        let maker = draw.one(&makers)?;
        let made = maker(draw, world).unwrap_or_default();
        let [statement] = &made[..] else { continue };
        actions.extend(statement.strip_prefix(&begin).map(str::to_owned));
        if actions.len() == 3 {
            break;
        }
    }
    actions.dedup();
    (actions.len() > 1).then(|| vec![format!("{begin}{}", crate::sql::list(&actions))])
}

/// A partition may have a default that its table hasn't.
fn partition_default(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let partitions: Vec<&Relation> = world
        .relations
        .iter()
        .filter(|one| one.partition_of.is_some())
        .collect();
    let partition = (*draw.one(&partitions)?).clone();
    let column = draw.plain_column(&partition)?.clone();
    let value = draw.value(&column.kind, world);
    one(format!(
        "ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {value}",
        partition.sql(),
        name(&column.name)
    ))
}

/// A column that a block of code may have made already.
fn add_of_block(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = table(draw, world)?;
    one(format!(
        "ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} int",
        table.sql(),
        name("from_block")
    ))
}
