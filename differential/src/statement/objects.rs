//! Objects beside tables: types, functions, sequences, schemas, extensions, publications; and
//! blocks of code.

use super::{Kind, kind, one, part};
use crate::draw::Draw;
use crate::sql::{list, name, optional, qualified};
use crate::world::{Function, Sequence, Type, World};

pub(super) const KINDS: &[Kind] = &[
    part("create enum", 4, create_enum),
    part("create domain", 3, create_domain),
    part("create composite", 2, create_composite),
    part("create function", 5, create_function),
    kind("replace function", 4, replace_function),
    kind("create procedure", 1, create_procedure),
    kind("create aggregate", 1, create_aggregate),
    part("create sequence", 3, create_sequence),
    kind("add enum value", 4, add_value),
    kind("rename enum value", 2, rename_value),
    kind("rename type", 2, rename_type),
    kind("drop type", 3, drop_type),
    kind("alter domain", 3, alter_domain),
    kind("alter composite", 1, alter_composite),
    kind("drop function", 3, drop_function),
    kind("rename function", 1, rename_function),
    kind("alter function", 2, alter_function),
    kind("alter sequence", 3, alter_sequence),
    kind("rename sequence", 1, rename_sequence),
    kind("drop sequence", 2, drop_sequence),
    kind("create schema", 2, create_schema),
    kind(
        "create schema if not exists",
        2,
        create_schema_if_not_exists,
    ),
    kind("rename schema", 1, rename_schema),
    kind("drop schema", 1, drop_schema),
    kind("create extension", 1, create_extension),
    part("create publication", 2, create_publication),
    kind("drop publication", 1, drop_publication),
    kind("comment on type", 2, comment_on_type),
    kind("do block", 2, do_block),
    kind("default privileges", 1, default_privileges),
];

fn create_enum(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let kind = format!("{}_e", draw.fresh(world));
    let labels = ["'a'", "'b'", "'new'", "'x y'"];
    one(format!(
        "CREATE TYPE {} AS ENUM ({})",
        name(&kind),
        list(&labels[..draw.number(1, 4)])
    ))
}

fn create_domain(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let kind = format!("{}_d", draw.fresh(world));
    let (base, check) = *draw.one(&[
        ("int", "VALUE > -1000"),
        ("text", "length(VALUE) < 100"),
        ("numeric(8,2)", "VALUE < 5000"),
    ])?;
    let check = if draw.chance(60) {
        optional(&format!(" CHECK ({check})"))
    } else {
        String::new()
    };
    one(format!("CREATE DOMAIN {} AS {base}{check}", name(&kind)))
}

fn create_composite(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let kind = format!("{}_t", draw.fresh(world));
    one(format!(
        "CREATE TYPE {} AS ({})",
        name(&kind),
        list(&["a int", "b text"])
    ))
}

fn create_function(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let function = format!("{}_f", draw.fresh(world));
    let text = match draw.number(0, 4) {
        0 => format!(
            "CREATE FUNCTION {}(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2'",
            name(&function)
        ),
        1 => format!(
            "CREATE FUNCTION {}(v text) RETURNS text LANGUAGE sql AS 'SELECT upper($1)'",
            name(&function)
        ),
        2 => format!(
            "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
            name(&function)
        ),
        3 => {
            let table = draw.table(world)?;
            format!(
                "CREATE FUNCTION {}() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM {}'",
                name(&function),
                table.sql()
            )
        }
        _ => {
            let table = draw.table(world)?;
            format!(
                "CREATE FUNCTION {}() RETURNS SETOF {} LANGUAGE sql STABLE AS 'SELECT * FROM {}'",
                name(&function),
                table.sql(),
                table.sql()
            )
        }
    };
    one(text)
}

fn create_procedure(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let procedure = format!("{}_p", draw.fresh(world));
    one(format!(
        "CREATE PROCEDURE {}(n int) LANGUAGE plpgsql AS $$ BEGIN NULL; END $$",
        name(&procedure)
    ))
}

fn create_aggregate(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let aggregate = format!("{}_a", draw.fresh(world));
    one(format!(
        "CREATE AGGREGATE {}(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0')",
        name(&aggregate)
    ))
}

fn function<'a>(
    draw: &mut Draw,
    world: &'a World,
    fits: impl Fn(&Function) -> bool,
) -> Option<&'a Function> {
    let all: Vec<&Function> = world.functions.iter().filter(|one| fits(one)).collect();
    draw.one(&all).copied()
}

fn replace_function(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = function(draw, world, |one| one.kind == 'f')?;
    let definition = known.definition.clone()?;
    let other = definition
        .replace("/ 2", "/ 3")
        .replace("upper", "lower")
        .replace("RETURN NEW", "RETURN new");
    one(other.trim_end().to_owned())
}

fn word(known: &Function) -> &'static str {
    match known.kind {
        'p' => "PROCEDURE",
        'a' => "AGGREGATE",
        _ => "FUNCTION",
    }
}

fn drop_function(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = function(draw, world, |_| true)?;
    let exists = if draw.chance(30) {
        optional(" IF EXISTS")
    } else {
        String::new()
    };
    one(format!(
        "DROP {}{exists} {}({})",
        word(known),
        qualified(&known.schema, &known.name),
        known.arguments
    ))
}

fn rename_function(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = function(draw, world, |_| true)?;
    let to = format!("{}_f", draw.fresh(world));
    one(format!(
        "ALTER {} {}({}) RENAME TO {}",
        word(known),
        qualified(&known.schema, &known.name),
        known.arguments,
        name(&to)
    ))
}

fn alter_function(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = function(draw, world, |one| one.kind == 'f')?;
    let what = draw.word(&[
        "SECURITY DEFINER",
        "COST 10",
        "SET work_mem = '1MB'",
        "PARALLEL SAFE",
        "STABLE",
    ]);
    one(format!(
        "ALTER FUNCTION {}({}) {what}",
        qualified(&known.schema, &known.name),
        known.arguments
    ))
}

fn create_sequence(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let sequence = format!("{}_s", draw.fresh(world));
    let options = draw.word(&["", " START 5", " INCREMENT 2", " CACHE 3", " AS smallint"]);
    one(format!(
        "CREATE SEQUENCE {}{}",
        name(&sequence),
        optional(options)
    ))
}

fn sequence<'a>(draw: &mut Draw, world: &'a World) -> Option<&'a Sequence> {
    draw.one(&world.sequences)
}

fn alter_sequence(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = sequence(draw, world)?;
    let what = draw.word(&[
        "INCREMENT 3",
        "MAXVALUE 1000000",
        "RESTART WITH 5000",
        "CACHE 9",
        "CYCLE",
        "OWNED BY NONE",
    ]);
    one(format!(
        "ALTER SEQUENCE {} {what}",
        qualified(&known.schema, &known.name)
    ))
}

fn rename_sequence(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = sequence(draw, world)?;
    let to = format!("{}_s", draw.fresh(world));
    one(format!(
        "ALTER SEQUENCE {} RENAME TO {}",
        qualified(&known.schema, &known.name),
        name(&to)
    ))
}

fn drop_sequence(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = sequence(draw, world)?;
    one(format!(
        "DROP SEQUENCE {}",
        qualified(&known.schema, &known.name)
    ))
}

/// A type of the author's.
fn own_type<'a>(draw: &mut Draw, world: &'a World, kinds: &[char]) -> Option<&'a Type> {
    let all: Vec<&Type> = world
        .types
        .iter()
        .filter(|one| kinds.contains(&one.kind))
        .collect();
    draw.one(&all).copied()
}

fn add_value(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = own_type(draw, world, &['e'])?;
    let value = draw.word(&["late", "mid", "z z"]);
    let place = match known.labels.first() {
        Some(first) if draw.chance(30) => optional(&format!(" BEFORE '{first}'")),
        _ => String::new(),
    };
    let exists = if draw.chance(30) {
        optional(" IF NOT EXISTS")
    } else {
        String::new()
    };
    one(format!(
        "ALTER TYPE {} ADD VALUE{exists} '{value}'{place}",
        qualified(&known.schema, &known.name)
    ))
}

fn rename_value(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = own_type(draw, world, &['e'])?;
    let label = draw.one(&known.labels)?;
    one(format!(
        "ALTER TYPE {} RENAME VALUE '{label}' TO '{label}_2'",
        qualified(&known.schema, &known.name)
    ))
}

fn rename_type(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = own_type(draw, world, &['e', 'd', 'c'])?;
    let to = format!("{}_t", draw.fresh(world));
    let word = if known.kind == 'd' { "DOMAIN" } else { "TYPE" };
    one(format!(
        "ALTER {word} {} RENAME TO {}",
        qualified(&known.schema, &known.name),
        name(&to)
    ))
}

fn drop_type(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = own_type(draw, world, &['e', 'd', 'c'])?;
    let word = if known.kind == 'd' { "DOMAIN" } else { "TYPE" };
    one(format!(
        "DROP {word} {}",
        qualified(&known.schema, &known.name)
    ))
}

fn alter_domain(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = own_type(draw, world, &['d'])?;
    let what = match draw.number(0, 4) {
        0 => "SET NOT NULL".to_owned(),
        1 => "DROP NOT NULL".to_owned(),
        2 => format!("SET DEFAULT {}", draw.value(known.base.as_deref()?, world)),
        3 => format!("DROP CONSTRAINT {}", name(known.constraints.first()?)),
        _ => "ADD CONSTRAINT more CHECK (VALUE IS NULL OR VALUE IS NOT NULL)".to_owned(),
    };
    one(format!(
        "ALTER DOMAIN {} {what}",
        qualified(&known.schema, &known.name)
    ))
}

fn alter_composite(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = own_type(draw, world, &['c'])?;
    let what = draw.word(&[
        "ADD ATTRIBUTE c int",
        "DROP ATTRIBUTE b",
        "RENAME ATTRIBUTE a TO aa",
    ]);
    one(format!(
        "ALTER TYPE {} {what}",
        qualified(&known.schema, &known.name)
    ))
}

fn comment_on_type(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = own_type(draw, world, &['e', 'd', 'c'])?;
    one(format!(
        "COMMENT ON TYPE {} IS 'a type'",
        qualified(&known.schema, &known.name)
    ))
}

fn create_schema(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    one(format!(
        "CREATE SCHEMA {}",
        name(&format!("{}_n", draw.fresh(world)))
    ))
}

fn create_schema_if_not_exists(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = draw.one(&world.schemas)?.clone();
    let schema = if draw.chance(50) {
        known
    } else {
        format!("{}_n", draw.fresh(world))
    };
    one(format!("CREATE SCHEMA IF NOT EXISTS {}", name(&schema)))
}

fn own_schema<'a>(draw: &mut Draw, world: &'a World) -> Option<&'a String> {
    let own: Vec<&String> = world
        .schemas
        .iter()
        .filter(|one| *one != "public")
        .collect();
    draw.one(&own).copied()
}

fn rename_schema(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = own_schema(draw, world)?;
    let to = format!("{}_n", draw.fresh(world));
    one(format!(
        "ALTER SCHEMA {} RENAME TO {}",
        name(known),
        name(&to)
    ))
}

fn drop_schema(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let known = own_schema(draw, world)?;
    one(format!("DROP SCHEMA {}", name(known)))
}

fn create_extension(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let extension = draw.one(&world.available)?;
    let exists = if world.extensions.contains(extension) || draw.chance(50) {
        " IF NOT EXISTS"
    } else {
        ""
    };
    one(format!("CREATE EXTENSION{exists} {extension}"))
}

fn create_publication(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?;
    let publication = format!("{}_pub", draw.fresh(world));
    one(format!(
        "CREATE PUBLICATION {} FOR TABLE {}",
        name(&publication),
        table.sql()
    ))
}

fn drop_publication(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    one(format!(
        "DROP PUBLICATION {}",
        name(draw.one(&world.publications)?)
    ))
}

fn do_block(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let body = match draw.number(0, 4) {
        3 => {
            let gone = draw.plain_column(&table)?;
            format!(
                "ALTER TABLE {} DROP COLUMN {}",
                table.sql(),
                name(&gone.name)
            )
        }
        4 => {
            let indexes: Vec<_> = table
                .indexes
                .iter()
                .filter(|one| !one.constraint && !one.child)
                .collect();
            let gone = draw.one(&indexes)?;
            format!("DROP INDEX {}", qualified(&gone.schema, &gone.name))
        }
        0 => {
            format!(
                "CREATE INDEX IF NOT EXISTS from_block_i ON {} ({})",
                table.sql(),
                name(&draw.column(&table)?.name)
            )
        }
        1 => format!(
            "ALTER TABLE {} ADD COLUMN IF NOT EXISTS from_block int",
            table.sql()
        ),
        _ => format!(
            "UPDATE {} SET {} = NULL WHERE false",
            table.sql(),
            name(&draw.writable(&table)?.name)
        ),
    };
    one(format!("DO $$ BEGIN {body}; END $$"))
}

fn default_privileges(draw: &mut Draw, _: &World) -> Option<Vec<String>> {
    let role = draw.word(&super::parts::ROLES);
    one(format!(
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {}",
        name(role)
    ))
}
