//! Columns whose place no other can take.

use super::{Shadow, partitions};
use crate::catalog::{ConstraintKind, Table, TableKind};
use crate::change::Change;
use crate::fold::Seen;
use crate::problem::{Problem, blocks, code};
use crate::rules::Context;
use crate::rules::object::drop;
use crate::sql::types;

const INSTEAD: &str = "add a column, fill it by UPDATE, move the code to it, and drop the old one in a later revision";

/// Refuses what can't be carried over.
pub(super) fn check(shadow: &Shadow<'_>, context: &Context<'_>) -> Result<(), Problem> {
    drop::in_the_way(shadow.table, Some(&shadow.from()))?;
    if shadow.old.expression.is_some() {
        return Err(Problem::new(
            code::DEPENDED_ON,
            format!("{} is a generated column", shadow.old.name),
        )
        .label("its values are computed")
        .help("DROP EXPRESSION first, in an earlier revision, or drop it and add another"));
    }
    if is_defaulted(shadow, context) {
        return Err(blocks(
            "a change to a domain that has a default",
            "a second column of it would hold that default in every row, where the statement keeps the values",
        )
        .help(INSTEAD));
    }
    if is_tied_to_another(shadow, context) || is_of_this_revision(shadow, context) {
        return Err(Problem::new(
            code::DEPENDED_ON,
            format!(
                "{} changes together with another column of its indexes or constraints, or twice",
                shadow.old.name
            ),
        )
        .label("each would be rebuilt for one of them alone")
        .help("put it into a revision of its own, behind this one"));
    }
    of_those_below(shadow, context)
}

/// Whether the new type is a domain that has a default, or that the revision gives one.
fn is_defaulted(shadow: &Shadow<'_>, context: &Context<'_>) -> bool {
    let made = |seen: &Seen| {
        if let Change::CatalogOnly(only) = &seen.change {
            crate::sql::domain_with_default(&only.sql)
        } else {
            None
        }
    };
    let name = types::bare(&shadow.type_sql);
    let mut here = context.before().iter().filter_map(made);
    here.any(|domain| domain == name) || types::is_defaulted(&shadow.type_sql, context.catalog)
}

/// Whether an index or a constraint stands on the column and on another that is replaced before.
fn is_tied_to_another(shadow: &Shadow<'_>, context: &Context<'_>) -> bool {
    let replaced = context.replaced(&shadow.table_name());
    let has_other = |columns: &[String]| {
        let mut others = replaced.iter();
        others.any(|one| columns.iter().any(|column| column == one.as_str()))
    };
    let both = |columns: &[String]| shadow.concerns(columns) && has_other(columns);
    let Table {
        indexes,
        constraints,
        ..
    } = shadow.table;
    indexes.iter().any(|index| both(&index.mentions))
        || constraints.iter().any(|one| both(&one.columns))
}

/// Whether there was no such column before the revision.
fn is_of_this_revision(shadow: &Shadow<'_>, context: &Context<'_>) -> bool {
    let before = context.at_start().table(&shadow.table_name());
    before.is_none_or(|table| table.get(&shadow.from()).is_none())
}

/// Partitions and children: each would need a second column of its own, with its own indexes.
fn of_those_below(shadow: &Shadow<'_>, context: &Context<'_>) -> Result<(), Problem> {
    let below = context.catalog.below(&shadow.table_name());
    let below = || below.iter().filter_map(|name| context.table(name));
    let stands_on_it = |table: &Table| {
        let mut keys = table
            .constraints
            .iter()
            .filter(|one| one.kind == ConstraintKind::ForeignKey);
        let mut indexes = table.indexes.iter();
        indexes.any(|index| shadow.concerns(&index.mentions))
            || keys.any(|key| shadow.concerns(&key.columns))
    };
    let is_by_expression = |table: &Table| {
        let key = table.partition_key.as_ref();
        key.is_some_and(|key| key.columns.iter().any(String::is_empty))
    };
    let mut all = std::iter::once(shadow.table).chain(below());
    let is_inherited = !shadow.table.children.is_empty();
    let is_needed = shadow.table.kind == TableKind::Partitioned
        && all.any(|one| stands_on_it(one) || is_by_expression(one));
    if is_inherited || is_needed {
        return Err(blocks(
            "another type of a column that partitions are made by, have indexes or foreign keys on, or that is inherited,",
            INSTEAD,
        ));
    }
    match below().find_map(|part| partitions::own(shadow, part, context)) {
        Some(what) => Err(blocks(
            &format!(
                "another type of a column on which a partition has something of its own ({what})"
            ),
            INSTEAD,
        )),
        None => Ok(()),
    }
}
