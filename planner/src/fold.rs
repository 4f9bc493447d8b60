//! The fastest backfill is none: ADD COLUMN + UPDATE to one value for all rows + SET NOT NULL become one catalog
//! entry, `ADD COLUMN .. DEFAULT value NOT NULL`.
//!
//! An UPDATE folds into its column when the column is made by the same revision, the value is the same for every
//! row (no column, no volatile function; a subquery that reads nothing of the row counts as one value), and the
//! WHERE clause is absent or says only that the column IS NULL.

use crate::catalog::Catalog;
use crate::change::{AddColumn, Change, Fill, Update};
use crate::expr::{Conjunct, Expr, Scope, Shape};
use concertina_revisions::{Ident, TableName};

/// A change, its statement (counted from 0), and the catalog as it was before.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) change: Change,
    pub(crate) statement: usize,
    pub(crate) before: Catalog,
    /// Statements that were folded into this one.
    pub(crate) folded: Vec<usize>,
}

/// Folds what can be folded; everything else stays as it is.
pub(crate) fn fold(changes: Vec<Seen>) -> Vec<Seen> {
    let mut kept: Vec<Seen> = Vec::new();
    for mut seen in changes {
        let folded = match &mut seen.change {
            Change::Update(update) => fold_update(update, seen.statement, &seen.before, &mut kept),
            Change::SetNotNull(table, column) => fold_not_null(table, column, seen.statement, &mut kept),
            _ => false,
        };
        if !folded {
            kept.push(seen);
        }
    }
    kept
}

/// Takes out of an UPDATE every assignment that folds; true when none is left.
fn fold_update(update: &mut Update, statement: usize, catalog: &Catalog, kept: &mut [Seen]) -> bool {
    if update.whole.is_some() || update.from.is_some() || update.sets.is_empty() {
        return false;
    }
    let rest: Vec<(Ident, Expr)> = update
        .sets
        .iter()
        .filter(|(column, value)| {
            let fill = foldable(update, column, value, catalog);
            let read_since = fill.is_some() && is_used(kept, &update.table, column);
            match (fill, added(kept, &update.table, column)) {
                (Some(fill), Some((add, folded))) if !read_since && add.fill.is_none() => {
                    add.fill = Some(fill);
                    folded.push(statement);
                    false
                }
                _ => true,
            }
        })
        .cloned()
        .collect();
    update.sets = rest;
    update.sets.is_empty()
}

fn foldable(update: &Update, column: &Ident, value: &Expr, catalog: &Catalog) -> Option<Fill> {
    let table = catalog.table(&update.table)?;
    if table.is_new || !table.get(column)?.is_new || !only_null(update, column) {
        return None;
    }
    let scope = Scope { alias: &update.alias, table: &update.table, others: &update.reads, catalog };
    let one_value = scope.target_columns(value).is_empty() && !value.is_volatile(catalog);
    match value.shape {
        _ if !one_value => None,
        Shape::Null | Shape::Default => None,
        Shape::Subquery => Some(Fill::Read(value.clone())),
        _ if value.has_subquery() || !value.columns.is_empty() => None,
        _ => Some(Fill::Constant(value.clone())),
    }
}

/// Whether the WHERE clause is absent or says only `column IS NULL`.
pub(crate) fn only_null(update: &Update, column: &Ident) -> bool {
    update.predicate.as_ref().is_none_or(
        |predicate| matches!(predicate.conjuncts.as_slice(), [Conjunct::IsNull(mention)] if mention.name == *column),
    )
}

/// NOT NULL folds into a column that has a value for every row.
fn fold_not_null(table: &TableName, column: &Ident, statement: usize, kept: &mut [Seen]) -> bool {
    match added(kept, table, column) {
        Some((add, folded)) if add.fill.is_some() => {
            add.column.not_null = true;
            folded.push(statement);
            true
        }
        _ => false,
    }
}

fn added<'a>(
    kept: &'a mut [Seen],
    table: &TableName,
    column: &Ident,
) -> Option<(&'a mut AddColumn, &'a mut Vec<usize>)> {
    kept.iter_mut().rev().find_map(|seen| match &mut seen.change {
        Change::AddColumn(add) if add.table == *table && add.column.name == *column => Some((add, &mut seen.folded)),
        _ => None,
    })
}

/// Whether anything since the column was added has looked at it or given it values: then order matters.
fn is_used(kept: &[Seen], table: &TableName, column: &Ident) -> bool {
    let since = kept.iter().rev().take_while(
        |seen| !matches!(&seen.change, Change::AddColumn(add) if add.table == *table && add.column.name == *column),
    );
    since.into_iter().any(|seen| match &seen.change {
        Change::Update(update) if update.table == *table => {
            update.sets.iter().any(|(set, value)| set == column || value.column_names().contains(column))
                || update.predicate.as_ref().is_some_and(|predicate| predicate.column_names().contains(column))
        }
        Change::Insert(insert) => insert.table == *table || insert.reads.contains(table),
        Change::SetDefault(other, name, _) => other == table && name == column,
        _ => false,
    })
}
