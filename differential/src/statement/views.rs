//! Views and materialized views.

use super::{Kind, kind, one, part};
use crate::draw::Draw;
use crate::sql::{list, name, optional};
use crate::world::{Relation, World};

pub(super) const KINDS: &[Kind] = &[
    part("create view", 7, create),
    part("create view of all columns", 3, create_of_all),
    kind("create or replace view", 4, replace),
    kind("drop view", 5, drop),
    kind("rename view", 2, rename),
    kind("alter view", 1, alter),
    part(
        "create materialized view of all columns",
        1,
        create_materialized_of_all,
    ),
    part("create function of rows", 2, create_function_of_rows),
    part("create view on view", 2, create_on_view),
    kind("drop view cascade", 1, drop_cascade),
    part("create materialized view", 3, create_materialized),
    kind("refresh materialized view", 2, refresh),
    kind("drop materialized view", 2, drop_materialized),
];

fn source<'a>(draw: &mut Draw, world: &'a World) -> Option<&'a Relation> {
    if draw.chance(70)
        && let Some(table) = draw.table(world)
    {
        return Some(table);
    }
    let all: Vec<&Relation> = world.relations.iter().collect();
    draw.weighted(&all, |one| if one.is_table() { 4 } else { 1 })
        .copied()
}

fn query(draw: &mut Draw, world: &World) -> Option<String> {
    let of = source(draw, world)?.clone();
    let mut columns: Vec<String> = Vec::new();
    for _ in 0..draw.number(1, 3) {
        let column = name(&draw.column(&of)?.name);
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    let condition = if draw.chance(40) {
        optional(&format!(" WHERE {}", draw.condition(&of, world)))
    } else {
        String::new()
    };
    Some(format!(
        "SELECT {} FROM {}{condition}",
        list(&columns),
        of.sql()
    ))
}

fn create(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let view = format!("{}_v", draw.fresh(world));
    let barrier = if draw.chance(10) {
        optional(" WITH (security_barrier)")
    } else {
        String::new()
    };
    one(format!(
        "CREATE VIEW {}{barrier} AS {}",
        name(&view),
        query(draw, world)?
    ))
}

fn create_of_all(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let view = format!("{}_v", draw.fresh(world));
    one(format!(
        "CREATE VIEW {} AS SELECT * FROM {}",
        name(&view),
        source(draw, world)?.sql()
    ))
}

/// The relations of one kind.
fn of_kind(draw: &mut Draw, world: &World, kind: char) -> Option<Relation> {
    draw.one(&world.of_kind(&[kind])).map(|one| (*one).clone())
}

fn replace(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let view = of_kind(draw, world, 'v')?;
    let definition = view.definition.clone()?;
    let definition = definition.trim().trim_end_matches(';');
    let text = if definition.contains("WHERE") || draw.chance(40) {
        definition.to_owned()
    } else {
        format!("{definition} WHERE true")
    };
    one(format!("CREATE OR REPLACE VIEW {} AS {text}", view.sql()))
}

fn drop(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let view = of_kind(draw, world, 'v')?;
    let exists = if draw.chance(30) {
        optional(" IF EXISTS")
    } else {
        String::new()
    };
    one(format!("DROP VIEW{exists} {}", view.sql()))
}

fn rename(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let view = of_kind(draw, world, 'v')?;
    let to = format!("{}_v", draw.fresh(world));
    one(format!("ALTER VIEW {} RENAME TO {}", view.sql(), name(&to)))
}

fn alter(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let view = of_kind(draw, world, 'v')?;
    let column = draw.column(&view)?.clone();
    let what = match draw.number(0, 2) {
        0 => "SET (security_barrier = true)".to_owned(),
        1 => format!(
            "ALTER COLUMN {} SET DEFAULT {}",
            name(&column.name),
            draw.value(&column.kind, world)
        ),
        _ => format!("OWNER TO {}", name(draw.word(&super::parts::ROLES))),
    };
    one(format!("ALTER VIEW {} {what}", view.sql()))
}

fn create_materialized(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let view = format!("{}_m", draw.fresh(world));
    let empty = if draw.chance(20) {
        optional(" WITH NO DATA")
    } else {
        String::new()
    };
    one(format!(
        "CREATE MATERIALIZED VIEW {} AS {}{empty}",
        name(&view),
        query(draw, world)?
    ))
}

fn refresh(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let view = of_kind(draw, world, 'm')?;
    one(format!("REFRESH MATERIALIZED VIEW {}", view.sql()))
}

fn drop_materialized(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let view = of_kind(draw, world, 'm')?;
    one(format!("DROP MATERIALIZED VIEW {}", view.sql()))
}

fn create_materialized_of_all(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let view = format!("{}_m", draw.fresh(world));
    one(format!(
        "CREATE MATERIALIZED VIEW {} AS SELECT * FROM {}",
        name(&view),
        source(draw, world)?.sql()
    ))
}

/// Functions whose rows are a table's, in the ways that people write them.
fn create_function_of_rows(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let of = draw.table(world)?.sql();
    let function = name(&format!("{}_f", draw.fresh(world)));
    one(match draw.number(0, 3) {
        0 => format!(
            "CREATE FUNCTION {function}() RETURNS SETOF {of} LANGUAGE sql STABLE AS 'SELECT * FROM {of}'"
        ),
        1 => format!(
            "CREATE FUNCTION {function}() RETURNS {of} LANGUAGE plpgsql AS $$ DECLARE r {of}%ROWTYPE; BEGIN RETURN r; END $$"
        ),
        2 => format!(
            "CREATE FUNCTION {function}(r {of}) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1::text'"
        ),
        _ => format!(
            "CREATE FUNCTION {function}() RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT count(*) FROM {of}; END"
        ),
    })
}

fn create_on_view(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let of = of_kind(draw, world, 'v')?;
    let column = draw.column(&of)?.clone();
    let view = format!("{}_v", draw.fresh(world));
    one(format!(
        "CREATE VIEW {} AS SELECT {} FROM {}",
        name(&view),
        name(&column.name),
        of.sql()
    ))
}

fn drop_cascade(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let view = of_kind(draw, world, 'v')?;
    one(format!("DROP VIEW {} CASCADE", view.sql()))
}
