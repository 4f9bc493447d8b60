//! Statements that people write one behind the other: a thing dropped and made again, a default and
//! then an UPDATE, names that go round.

use super::columns::column_definition;
use super::{Kind, kind};
use crate::draw::Draw;
use crate::sql::{list, name, qualified};
use crate::world::{Column, Relation, World};

pub(super) const KINDS: &[Kind] = &[
    kind("default then update", 16, default_then_update),
    kind("add, update, not null", 12, add_update_not_null),
    kind("add numbered then update", 4, numbered_then_update),
    kind("replace view", 14, replace_view),
    kind("replace trigger", 8, replace_trigger),
    kind("replace policy", 6, replace_policy),
    kind("replace function", 6, replace_function),
    kind("replace constraint", 14, replace_constraint),
    kind("replace index", 8, replace_index),
    kind("replace column", 6, replace_column),
    kind("replace column in one statement", 6, replace_column_at_once),
    kind("replace table", 2, replace_table),
    kind("replace enum", 4, replace_enum),
    kind("replace sequence", 2, replace_sequence),
    kind("table into materialized view", 2, table_into_view),
    kind("rename chain", 8, rename_chain),
    kind("rename away and create", 4, rename_away),
    kind("revoke then grant", 6, revoke_then_grant),
    kind("not null on and off", 6, not_null_on_and_off),
    kind("trigger off, update, on", 6, trigger_off_and_on),
    kind("deduplicate then unique", 6, deduplicate_then_unique),
    kind("orphans then foreign key", 4, orphans_then_key),
    kind("archive then delete", 4, archive_then_delete),
    kind("view carried through a type", 6, view_through_type),
    kind("rename column and index", 4, rename_column_and_index),
    kind("create, alter, drop", 4, create_alter_drop),
];

fn table_and_column(draw: &mut Draw, world: &World) -> Option<(Relation, Column)> {
    let table = draw.table(world)?.clone();
    let column = draw.plain_column(&table)?.clone();
    Some((table, column))
}

/// A new column's name, and an expression of a type over the table.
fn default_then_update(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let numbers: Vec<&Column> = table
        .columns
        .iter()
        .filter(|one| one.kind == "integer")
        .collect();
    let from = name(&draw.one(&numbers)?.name);
    let column = name(&draw.fresh(world));
    let (not_null, condition) = (draw.chance(50), draw.number(0, 3));
    let not_null = if not_null { " NOT NULL" } else { "" };
    let condition = match condition {
        0 => format!(" WHERE {column} = 0"),
        1 => format!(" WHERE {from} IS NOT NULL"),
        _ => String::new(),
    };
    Some(vec![
        format!(
            "ALTER TABLE {} ADD COLUMN {column} int{not_null} DEFAULT 0",
            table.sql()
        ),
        format!(
            "UPDATE {} SET {column} = coalesce({from}, 1) * 2{condition}",
            table.sql()
        ),
    ])
}

fn add_update_not_null(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let column = name(&draw.fresh(world));
    let (kind, value, other) = *draw.one(&[
        ("int", "7", "8"),
        ("text", "'x'", "'y'"),
        ("boolean", "true", "false"),
    ])?;
    let mut all = vec![
        format!("ALTER TABLE {} ADD COLUMN {column} {kind}", table.sql()),
        format!("UPDATE {} SET {column} = {value}", table.sql()),
        format!(
            "ALTER TABLE {} ALTER COLUMN {column} SET NOT NULL",
            table.sql()
        ),
    ];
    if draw.chance(50) {
        all.push(format!(
            "ALTER TABLE {} ALTER COLUMN {column} SET DEFAULT {other}",
            table.sql()
        ));
    }
    Some(all)
}

fn numbered_then_update(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let column = name(&draw.fresh(world));
    Some(vec![
        format!("ALTER TABLE {} ADD COLUMN {column} bigserial", table.sql()),
        format!("UPDATE {} SET {column} = {column} + 1000", table.sql()),
    ])
}

fn view(draw: &mut Draw, world: &World) -> Option<Relation> {
    draw.one(&world.of_kind(&['v'])).map(|one| (*one).clone())
}

fn text_of(view: &Relation) -> String {
    view.definition
        .clone()
        .unwrap_or_default()
        .trim()
        .trim_end_matches(';')
        .to_owned()
}

fn replace_view(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let view = view(draw, world)?;
    let (exists, replace) = (
        draw.word(&["", " IF EXISTS"]),
        draw.word(&["", "OR REPLACE "]),
    );
    let query = if draw.chance(50) {
        text_of(&view)
    } else {
        "SELECT 1 AS one, 'x'::text AS two".to_owned()
    };
    Some(vec![
        format!("DROP VIEW{exists} {}", view.sql()),
        format!("CREATE {replace}VIEW {} AS {query}", view.sql()),
    ])
}

fn replace_trigger(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let pairs: Vec<_> = world
        .relations
        .iter()
        .flat_map(|table| table.triggers.iter().map(move |one| (table, one)))
        .collect();
    let (table, trigger) = *draw.of_tables(&pairs)?;
    Some(vec![
        format!("DROP TRIGGER {} ON {}", name(&trigger.name), table.sql()),
        trigger.definition.clone(),
    ])
}

fn replace_policy(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let pairs: Vec<_> = world
        .relations
        .iter()
        .flat_map(|table| table.policies.iter().map(move |one| (table, one)))
        .collect();
    let (table, policy) = *draw.of_tables(&pairs)?;
    let condition = draw.condition(table, world);
    Some(vec![
        format!("DROP POLICY {} ON {}", name(policy), table.sql()),
        format!(
            "CREATE POLICY {} ON {} USING ({condition})",
            name(policy),
            table.sql()
        ),
    ])
}

fn replace_function(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let functions: Vec<_> = world
        .functions
        .iter()
        .filter(|one| one.kind == 'f' && !one.trigger)
        .collect();
    let function = *draw.one(&functions)?;
    let drop = format!(
        "DROP FUNCTION IF EXISTS {}({})",
        qualified(&function.schema, &function.name),
        function.arguments
    );
    let create = format!(
        "CREATE OR REPLACE FUNCTION {}({}) RETURNS text LANGUAGE sql AS 'SELECT ''other''::text'",
        qualified(&function.schema, &function.name),
        function.arguments
    );
    Some(vec![drop, create])
}

fn replace_constraint(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, gone) = super::constraints::existing(draw, world)?;
    let definition = match gone.kind {
        'f' if !gone.definition.contains("ON DELETE") => {
            format!("{} ON DELETE CASCADE", gone.definition)
        }
        'c' if draw.chance(50) => "CHECK (true)".to_owned(),
        _ => gone.definition.clone(),
    };
    let constraint = name(&gone.name);
    Some(if draw.chance(40) {
        let actions = [
            format!("DROP CONSTRAINT {constraint}"),
            format!("ADD CONSTRAINT {constraint} {definition}"),
        ];
        vec![format!("ALTER TABLE {} {}", table.sql(), list(&actions))]
    } else {
        vec![
            format!("ALTER TABLE {} DROP CONSTRAINT {constraint}", table.sql()),
            format!(
                "ALTER TABLE {} ADD CONSTRAINT {constraint} {definition}",
                table.sql()
            ),
        ]
    })
}

fn replace_index(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, gone) = super::indexes::existing(draw, world)?;
    let column = draw.column(&table)?;
    Some(vec![
        format!("DROP INDEX {}", qualified(&gone.schema, &gone.name)),
        format!(
            "CREATE INDEX {} ON {} ({})",
            name(&gone.name),
            table.sql(),
            name(&column.name)
        ),
    ])
}

fn replace_column(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    let kind = draw.kind(world);
    Some(vec![
        format!(
            "ALTER TABLE {} DROP COLUMN {}",
            table.sql(),
            name(&column.name)
        ),
        format!(
            "ALTER TABLE {} ADD COLUMN {}",
            table.sql(),
            column_definition(draw, &column.name, &kind, None, world)
        ),
    ])
}

fn replace_column_at_once(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    let kind = draw.kind(world);
    Some(vec![format!(
        "ALTER TABLE {} DROP COLUMN {}, ADD COLUMN {} {kind}",
        table.sql(),
        name(&column.name),
        name(&column.name)
    )])
}

fn replace_table(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let create = format!(
        "CREATE TABLE {} ({})",
        table.sql(),
        list(&["id bigint PRIMARY KEY", "other text"])
    );
    Some(vec![format!("DROP TABLE {}", table.sql()), create])
}

fn replace_enum(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let enums: Vec<_> = world.types.iter().filter(|one| one.kind == 'e').collect();
    let kind = *draw.one(&enums)?;
    let old = format!("{}_old", kind.name);
    let sql = qualified(&kind.schema, &kind.name);
    let mut all = vec![format!("ALTER TYPE {sql} RENAME TO {}", name(&old))];
    let mut labels: Vec<String> = kind.labels.iter().map(|one| format!("'{one}'")).collect();
    labels.push("'added'".to_owned());
    all.push(format!("CREATE TYPE {sql} AS ENUM ({})", labels.join(", ")));
    for table in world.of_kind(&['r', 'p']) {
        for column in table
            .columns
            .iter()
            .filter(|one| one.kind == kind.name || one.kind == format!("\"{}\"", kind.name))
        {
            let column_sql = name(&column.name);
            if column.default.is_some() {
                all.push(format!(
                    "ALTER TABLE {} ALTER COLUMN {column_sql} DROP DEFAULT",
                    table.sql()
                ));
            }
            all.push(format!(
                "ALTER TABLE {} ALTER COLUMN {column_sql} TYPE {sql} USING {column_sql}::text::{sql}",
                table.sql()
            ));
        }
    }
    all.push(format!("DROP TYPE {}", qualified(&kind.schema, &old)));
    (all.len() <= 7).then_some(all)
}

fn replace_sequence(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let own: Vec<_> = world.sequences.iter().filter(|one| !one.owned).collect();
    let sequence = *draw.one(&own)?;
    let sql = qualified(&sequence.schema, &sequence.name);
    Some(vec![
        format!("DROP SEQUENCE {sql}"),
        format!("CREATE SEQUENCE {sql} START 77"),
    ])
}

fn table_into_view(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let other = draw.table(world)?.clone();
    (table.name != other.name).then(|| {
        vec![
            format!("DROP TABLE {}", table.sql()),
            format!(
                "CREATE MATERIALIZED VIEW IF NOT EXISTS {} AS SELECT count(*) AS n FROM {}",
                table.sql(),
                other.sql()
            ),
        ]
    })
}

fn rename_chain(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, first) = table_and_column(draw, world)?;
    let second = draw.plain_column(&table)?.clone();
    (first.name != second.name).then_some(())?;
    let between = draw.fresh(world);
    let rename = |from: &str, to: &str| {
        format!(
            "ALTER TABLE {} RENAME COLUMN {} TO {}",
            table.sql(),
            name(from),
            name(to)
        )
    };
    Some(match draw.number(0, 2) {
        0 => vec![
            rename(&first.name, &between),
            rename(&second.name, &first.name),
            rename(&between, &second.name),
        ],
        1 => vec![
            rename(&first.name, &between),
            rename(&second.name, &first.name),
        ],
        _ => vec![
            rename(&first.name, &between),
            rename(&between, &format!("{between}_2")),
        ],
    })
}

fn rename_away(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let old = format!("{}_old", table.name);
    Some(vec![
        format!("ALTER TABLE {} RENAME TO {}", table.sql(), name(&old)),
        format!(
            "CREATE TABLE {} ({})",
            table.sql(),
            list(&["id bigint PRIMARY KEY", "other text"])
        ),
    ])
}

fn revoke_then_grant(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.one(&world.relations)?.clone();
    let role = name(draw.word(&super::parts::ROLES));
    Some(vec![
        format!("REVOKE ALL ON {} FROM {role}", table.sql()),
        format!("GRANT SELECT ON {} TO {role}", table.sql()),
    ])
}

fn not_null_on_and_off(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    let alter = format!(
        "ALTER TABLE {} ALTER COLUMN {}",
        table.sql(),
        name(&column.name)
    );
    Some(vec![
        format!("{alter} SET NOT NULL"),
        format!("{alter} DROP NOT NULL"),
    ])
}

fn trigger_off_and_on(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let with: Vec<&Relation> = world
        .of_kind(&['r'])
        .into_iter()
        .filter(|one| !one.triggers.is_empty())
        .collect();
    let table = (*draw.one(&with)?).clone();
    let trigger = name(&table.triggers.first()?.name);
    let column = draw.writable(&table)?.clone();
    let value = draw.expression(&column, &table, world);
    Some(vec![
        format!("ALTER TABLE {} DISABLE TRIGGER {trigger}", table.sql()),
        format!(
            "UPDATE {} SET {} = {value}",
            table.sql(),
            name(&column.name)
        ),
        format!("ALTER TABLE {} ENABLE TRIGGER {trigger}", table.sql()),
    ])
}

fn deduplicate_then_unique(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, column) = table_and_column(draw, world)?;
    let [key] = table.key()[..] else { return None };
    let (sql, column, key) = (table.sql(), name(&column.name), name(&key.name));
    Some(vec![
        format!(
            "DELETE FROM {sql} a USING {sql} b WHERE a.{column} = b.{column} AND a.{key} > b.{key}"
        ),
        format!("ALTER TABLE {sql} ADD UNIQUE ({column})"),
    ])
}

fn orphans_then_key(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let other = draw.table(world)?.clone();
    let [key] = other.key()[..] else { return None };
    let own = table
        .columns
        .iter()
        .find(|one| one.kind == key.kind && table.name != other.name)?;
    let (sql, own, key) = (table.sql(), name(&own.name), name(&key.name));
    Some(vec![
        format!(
            "DELETE FROM {sql} WHERE NOT EXISTS (SELECT 1 FROM {} o WHERE o.{key} = {sql}.{own})",
            other.sql()
        ),
        format!(
            "ALTER TABLE {sql} ADD FOREIGN KEY ({own}) REFERENCES {} ({key})",
            other.sql()
        ),
    ])
}

fn archive_then_delete(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let archive = format!("{}_archive", draw.fresh(world));
    let condition = draw.condition(&table, world);
    Some(vec![
        format!("CREATE TABLE {} (LIKE {})", name(&archive), table.sql()),
        format!(
            "INSERT INTO {} SELECT * FROM {} WHERE {condition}",
            name(&archive),
            table.sql()
        ),
        format!("DELETE FROM {} WHERE {condition}", table.sql()),
    ])
}

fn view_through_type(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let view = view(draw, world)?;
    let tables: Vec<&Relation> = world
        .of_kind(&['r'])
        .into_iter()
        .filter(|one| one.view_readers > 0)
        .collect();
    let table = (*draw.one(&tables)?).clone();
    let numbers: Vec<&Column> = table
        .columns
        .iter()
        .filter(|one| one.kind == "integer")
        .collect();
    let column = name(&draw.one(&numbers)?.name);
    Some(vec![
        format!("DROP VIEW {}", view.sql()),
        format!(
            "ALTER TABLE {} ALTER COLUMN {column} TYPE bigint",
            table.sql()
        ),
        format!("CREATE VIEW {} AS {}", view.sql(), text_of(&view)),
    ])
}

fn rename_column_and_index(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, index) = super::indexes::existing(draw, world)?;
    let column = index.columns.first()?.clone();
    let to = draw.fresh(world);
    Some(vec![
        format!(
            "ALTER TABLE {} RENAME COLUMN {} TO {}",
            table.sql(),
            name(&column),
            name(&to)
        ),
        format!(
            "ALTER INDEX {} RENAME TO {}",
            qualified(&index.schema, &index.name),
            name(&format!("{to}_i"))
        ),
    ])
}

#[allow(clippy::unnecessary_wraps)] // As every maker.
fn create_alter_drop(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = format!("{}_tab", draw.fresh(world));
    let sql = name(&table);
    Some(vec![
        format!(
            "CREATE TABLE {sql} ({})",
            list(&["id bigint PRIMARY KEY", "a int"])
        ),
        format!("INSERT INTO {sql} SELECT g, g FROM generate_series(1, 5) g"),
        format!("ALTER TABLE {sql} RENAME COLUMN a TO b"),
        if draw.chance(50) {
            format!("DROP TABLE {sql}")
        } else {
            format!("ALTER TABLE {sql} ADD COLUMN c text DEFAULT 'x'")
        },
    ])
}
