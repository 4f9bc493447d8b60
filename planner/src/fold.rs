//! The fastest backfill is none: ADD COLUMN + UPDATE to one value for all rows + SET NOT NULL
//! become one catalog entry, `ADD COLUMN .. DEFAULT value NOT NULL`.
//!
//! An UPDATE folds into its column when the column is made by the same revision, the value is the
//! same for every row (no column, no volatile function; a subquery that reads nothing of the row
//! counts as one value), and the WHERE clause is absent or says only that the column IS NULL.

use crate::catalog::{Catalog, Table};
use crate::change::{AddColumn, Change, Fill, Update};
use crate::expr::{Conjunct, Expr, Scope, Shape};
use crate::footprint::{Footprint, How, Thing};
use concertina_revisions::{Ident, TableName};

/// A change, its statement (counted from 0), and the catalog as it was before.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) change: Change,
    pub(crate) statement: usize,
    pub(crate) before: Catalog,
    /// Statements that were folded into this one.
    pub(crate) folded: Vec<usize>,
    /// What it reads and writes.
    pub(crate) touches: Footprint,
}

/// Folds what can be folded; everything else stays as it is.
pub(crate) fn fold(changes: Vec<Seen>) -> Vec<Seen> {
    let mut kept: Vec<Seen> = Vec::new();
    for mut seen in changes {
        let touches = std::mem::take(&mut seen.touches);
        let folded = if let Change::Update(update) = &mut seen.change {
            fold_update(update, seen.statement, &touches, &seen.before, &mut kept)
        } else if let Change::SetNotNull(table, column) = &seen.change {
            fold_not_null(table, column, seen.statement, &touches, &mut kept)
        } else {
            false
        };
        seen.touches = touches;
        if !folded {
            kept.push(seen);
        }
    }
    kept
}

/// Takes out of an UPDATE every assignment that folds; true when none is left.
fn fold_update(
    update: &mut Update,
    statement: usize,
    touches: &Footprint,
    catalog: &Catalog,
    kept: &mut [Seen],
) -> bool {
    if update.whole.is_some() || update.from.is_some() || update.sets.is_empty() {
        return false;
    }
    let folds = |(column, value): &(Ident, Expr), kept: &mut [Seen]| {
        let fill = foldable(update, column, value, catalog)?;
        let touched = of_column(touches, &update.table, column);
        let (add, _) = added(kept, &update.table, column, &touched)?;
        add.fill.is_none().then_some((fill, touched))
    };
    let fills: Vec<_> = update.sets.iter().map(|set| folds(set, kept)).collect();
    // Where one column is filled from the start, no row is left that the WHERE clause selects for
    // another.
    if update.predicate.is_some() && fills.iter().any(Option::is_none) {
        return false;
    }
    let mut rest = Vec::new();
    for (set, fill) in std::mem::take(&mut update.sets).into_iter().zip(fills) {
        let place = fill.and_then(|(fill, touched)| {
            added(kept, &update.table, &set.0, &touched).map(|place| (fill, place))
        });
        match place {
            Some((fill, (add, left))) => {
                add.fill = Some(fill);
                left.folded.push(statement);
                left.touches.merge(&needed(touches, &update.table));
            }
            None => rest.push(set),
        }
    }
    update.sets = rest;
    update.sets.is_empty()
}

fn foldable(update: &Update, column: &Ident, value: &Expr, catalog: &Catalog) -> Option<Fill> {
    let table = catalog.table(&update.table)?;
    let known = table.get(column)?;
    // Each row that it selects fires them.
    let fires = table
        .triggers
        .iter()
        .any(|trigger| trigger.on_update || trigger.of_statement[1])
        || table.rules.iter().any(|rule| rule.event[1]);
    let leaves_some_out = update.only && !table.children.is_empty();
    if table.is_new
        || !known.is_new
        || known.generated
        || fires
        || leaves_some_out
        || !of_all(update, table)
    {
        return None;
    }
    let scope = Scope {
        alias: &update.alias,
        table: &update.table,
        others: &update.reads,
        catalog,
    };
    let one_value = scope.target_columns(value).is_empty() && !value.is_volatile(catalog);
    match value.shape {
        _ if !one_value => None,
        Shape::Null | Shape::Default => None,
        Shape::Subquery => Some(Fill::Read(value.clone())),
        _ if value.has_subquery() || value.reach.subquery || !value.columns.is_empty() => None,
        Shape::Literal | Shape::Other => Some(Fill::Constant(value.clone())),
    }
}

/// Whether the UPDATE is of every row: it has no WHERE clause, or one that says only that a column
/// is NULL which it assigns, and which is NULL everywhere.
fn of_all(update: &Update, table: &Table) -> bool {
    update.predicate.is_none()
        || update
            .sets
            .iter()
            .any(|(column, _)| only_null(update, column) && table.is_fresh(column))
}

/// Whether the WHERE clause is absent or says only `column IS NULL`.
pub(crate) fn only_null(update: &Update, column: &Ident) -> bool {
    update.predicate.as_ref().is_none_or(
        |predicate| matches!(predicate.conjuncts.as_slice(), [Conjunct::IsNull(mention)] if mention.name == *column),
    )
}

/// What an UPDATE touches for one of its columns, whose value reads none of the row.
fn of_column(touches: &Footprint, table: &TableName, column: &Ident) -> Footprint {
    touches.only(|access| {
        let of = matches!(
            &access.thing,
            Thing::Column(of, Some(name)) | Thing::Rows(of, Some(name)) | Thing::Demands(of, Some(name))
                if of == table && name != column
        );
        !of
    })
}

/// What a value relies on, which reads none of its own table.
fn needed(touches: &Footprint, table: &TableName) -> Footprint {
    touches.only(|access| access.how == How::Read && access.thing.table() != Some(table))
}

/// NOT NULL folds into a column that has a value for every row.
fn fold_not_null(
    table: &TableName,
    column: &Ident,
    statement: usize,
    touches: &Footprint,
    kept: &mut [Seen],
) -> bool {
    match added(kept, table, column, touches) {
        Some((add, rest)) if add.fill.is_some() => {
            add.column.not_null = true;
            rest.folded.push(statement);
            rest.touches.merge(touches);
            true
        }
        _ => false,
    }
}

/// What a fold leaves behind of the statement that is folded in.
struct Rest<'a> {
    folded: &'a mut Vec<usize>,
    touches: &'a mut Footprint,
}

/// The statement that adds a column, if one that touches so much can be moved back to it: nothing
/// in between minds.
fn added<'a>(
    kept: &'a mut [Seen],
    table: &TableName,
    column: &Ident,
    touches: &Footprint,
) -> Option<(&'a mut AddColumn, Rest<'a>)> {
    let is_it = |seen: &Seen| matches!(&seen.change, Change::AddColumn(add) if add.table == *table && add.column.name == *column);
    let at = kept.iter().rposition(is_it)?;
    let sets_default = |seen: &Seen| matches!(&seen.change, Change::SetDefault(other, name, _) if other == table && name == column);
    if kept[at + 1..]
        .iter()
        .any(|seen| sets_default(seen) || seen.touches.conflicts(touches))
    {
        return None;
    }
    let Seen {
        change,
        folded,
        touches,
        ..
    } = &mut kept[at];
    if let Change::AddColumn(add) = change {
        Some((add, Rest { folded, touches }))
    } else {
        None
    }
}
