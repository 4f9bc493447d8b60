//! Constraints: added, dropped, renamed, proven.

use super::{Kind, kind, one, part};
use crate::draw::Draw;
use crate::sql::{name, optional};
use crate::world::{Constraint, Relation, World};

pub(super) const KINDS: &[Kind] = &[
    part("add check", 10, check),
    part("add unique", 8, unique),
    part("add primary key", 3, primary_key),
    part("add foreign key", 10, foreign_key),
    part("add exclude", 1, exclude),
    kind("add unique using index", 3, using_index),
    kind("drop constraint", 10, drop),
    kind("rename constraint", 5, rename),
    kind("validate constraint", 3, validate),
    kind("alter constraint", 1, alter),
];

fn named(draw: &mut Draw, world: &World) -> String {
    if draw.chance(60) {
        format!("CONSTRAINT {} ", name(&format!("{}_c", draw.fresh(world))))
    } else {
        String::new()
    }
}

pub(super) fn check(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let column = draw.column(&table)?.clone();
    let sql = name(&column.name);
    let condition = match (draw.number(0, 4), column.category) {
        (0 | 1, 'N') => format!("{sql} > -100"),
        (2, 'N') => format!("{sql} < 100000 OR {sql} IS NULL"),
        (0 | 1, 'S') if !column.kind.starts_with("json") => format!("length({sql}::text) < 90"),
        (0, _) => format!("{sql} IS NOT NULL"),
        _ => format!("{sql} IS NULL OR {sql} IS NOT NULL"),
    };
    let not_valid = if draw.chance(20) { " NOT VALID" } else { "" };
    let constraint = named(draw, world);
    one(format!(
        "ALTER TABLE {} ADD {constraint}CHECK ({condition}){}",
        table.sql(),
        optional(not_valid)
    ))
}

pub(super) fn unique(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let first = draw.column(&table)?.clone();
    let mut columns = vec![name(&first.name)];
    if draw.chance(40)
        && let Some(second) = draw.column(&table)
        && second.name != first.name
    {
        columns.push(name(&second.name));
    }
    let timing = if draw.chance(10) {
        optional(" DEFERRABLE INITIALLY DEFERRED")
    } else {
        String::new()
    };
    let constraint = named(draw, world);
    one(format!(
        "ALTER TABLE {} ADD {constraint}UNIQUE ({}){timing}",
        table.sql(),
        crate::sql::list(&columns)
    ))
}

fn primary_key(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let without: Vec<&Relation> = world
        .of_kind(&['r', 'p'])
        .into_iter()
        .filter(|one| one.key().is_empty())
        .collect();
    let table = (*draw.one(&without)?).clone();
    let column = draw.column(&table)?.clone();
    let constraint = named(draw, world);
    one(format!(
        "ALTER TABLE {} ADD {constraint}PRIMARY KEY ({})",
        table.sql(),
        name(&column.name)
    ))
}

fn foreign_key(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let other = draw.table(world)?.clone();
    let [key] = other.key()[..] else { return None };
    let candidates: Vec<(&Relation, &str)> = world
        .of_kind(&['r', 'p'])
        .into_iter()
        .flat_map(|table| table.columns.iter().map(move |column| (table, column)))
        .filter(|(table, column)| {
            column.kind == key.kind && (table.name != other.name || column.name != key.name)
        })
        .map(|(table, column)| (table, column.name.as_str()))
        .collect();
    let (table, column) = draw.of_tables(&candidates)?;
    let (table, column) = ((*table).clone(), (*column).to_owned());
    let action = draw.word(&[
        "",
        "",
        " ON DELETE CASCADE",
        " ON DELETE SET NULL",
        " ON UPDATE CASCADE",
        " DEFERRABLE INITIALLY DEFERRED",
    ]);
    let not_valid = if draw.chance(25) { " NOT VALID" } else { "" };
    let constraint = named(draw, world);
    one(format!(
        "ALTER TABLE {} ADD {constraint}FOREIGN KEY ({}) REFERENCES {} ({}){}{}",
        table.sql(),
        name(&column),
        other.sql(),
        name(&key.name),
        optional(action),
        optional(not_valid)
    ))
}

fn exclude(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let table = draw.table(world)?.clone();
    let column = draw.column(&table)?.clone();
    let constraint = named(draw, world);
    let gist = world.extensions.iter().any(|one| one == "btree_gist") && draw.chance(70);
    let method = if gist { "gist" } else { "btree" };
    one(format!(
        "ALTER TABLE {} ADD {constraint}EXCLUDE USING {method} ({} WITH =)",
        table.sql(),
        name(&column.name)
    ))
}

fn using_index(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let pairs: Vec<(&Relation, &str)> = world
        .of_kind(&['r'])
        .into_iter()
        .flat_map(|table| table.indexes.iter().map(move |index| (table, index)))
        .filter(|(_, index)| {
            index.unique && !index.constraint && !index.partial && !index.expression
        })
        .map(|(table, index)| (table, index.name.as_str()))
        .collect();
    let (table, index) = draw.of_tables(&pairs)?;
    let (table, index) = ((*table).clone(), (*index).to_owned());
    let what = if table.key().is_empty() && draw.chance(40) {
        "PRIMARY KEY"
    } else {
        "UNIQUE"
    };
    let constraint = named(draw, world);
    one(format!(
        "ALTER TABLE {} ADD {constraint}{what} USING INDEX {}",
        table.sql(),
        name(&index)
    ))
}

/// A constraint of a table.
pub(super) fn existing(draw: &mut Draw, world: &World) -> Option<(Relation, Constraint)> {
    let pairs: Vec<(&Relation, &Constraint)> = world
        .of_kind(&['r', 'p'])
        .into_iter()
        .flat_map(|table| table.constraints.iter().map(move |one| (table, one)))
        .filter(|(_, one)| one.local && one.kind != 'n')
        .collect();
    draw.of_tables(&pairs)
        .map(|(table, one)| ((*table).clone(), (*one).clone()))
}

pub(super) fn drop(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, gone) = existing(draw, world)?;
    let exists = if draw.chance(15) {
        optional(" IF EXISTS")
    } else {
        String::new()
    };
    let cascade = if draw.chance(8) {
        optional(" CASCADE")
    } else {
        String::new()
    };
    one(format!(
        "ALTER TABLE {} DROP CONSTRAINT{exists} {}{cascade}",
        table.sql(),
        name(&gone.name)
    ))
}

fn rename(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, old) = existing(draw, world)?;
    let new = draw.fresh(world);
    one(format!(
        "ALTER TABLE {} RENAME CONSTRAINT {} TO {}",
        table.sql(),
        name(&old.name),
        name(&format!("{new}_k"))
    ))
}

fn validate(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let pairs: Vec<(&Relation, &Constraint)> = world
        .of_kind(&['r', 'p'])
        .into_iter()
        .flat_map(|table| table.constraints.iter().map(move |one| (table, one)))
        .filter(|(_, one)| !one.valid)
        .collect();
    let (table, one_of) = draw.of_tables(&pairs)?;
    one(format!(
        "ALTER TABLE {} VALIDATE CONSTRAINT {}",
        table.sql(),
        name(&one_of.name)
    ))
}

fn alter(draw: &mut Draw, world: &World) -> Option<Vec<String>> {
    let (table, key) = existing(draw, world)?;
    let what = draw.word(&[
        "DEFERRABLE",
        "NOT DEFERRABLE",
        "DEFERRABLE INITIALLY DEFERRED",
    ]);
    (key.kind == 'f').then(|| {
        vec![format!(
            "ALTER TABLE {} ALTER CONSTRAINT {} {what}",
            table.sql(),
            name(&key.name)
        )]
    })
}
