//! INSERT
//!
//! **Danger**: INSERT .. SELECT from a large table is one long transaction. **Instead**: rows given
//! by value, or read from small or new tables, go in as written; those of a large source are copied
//! in small batches in its physical order, each with its checkpoint, where each row is copied by
//! itself under a key of its own and `ON CONFLICT .. DO NOTHING` makes a batch that runs twice the
//! same as one that runs once. All others are listed first, and batches take the new rows from the
//! list. **Hazard**: rows that the source gets or changes later stay as they were copied, as with
//! one statement.

use super::fired::{Deed, fired};
use super::reach;
use super::{follow, listed};
use crate::action::{Action, Backfill, Listed, Lock, Operation, WorkList};
use crate::catalog::{Catalog, Column, Table, TableKind};
use crate::change::{Insert, Listing, RowCopy};
use crate::decision::Decision;
use crate::problem::{Problem, code};
use crate::rules::Context;
use concertina_revisions::{Ident, TableName};

/// A source of at most so many blocks (of 8 KiB) is read in a moment.
const SMALL_SOURCE_BLOCKS: u64 = 1_024;

/// Whether the rows come batch by batch, as one statement would take too long.
pub(crate) fn in_batches(insert: &Insert, catalog: &Catalog) -> bool {
    large_source(insert, catalog).is_some() && matches!(insert.listing, Some(Ok(_)))
}

/// Whether a relation is read in a moment, as far as is known.
pub(crate) fn is_small_source(name: &TableName, catalog: &Catalog) -> bool {
    let is_small = |table: &Table| match table.kind {
        TableKind::Plain | TableKind::Partitioned | TableKind::Materialized => {
            table.pages <= SMALL_SOURCE_BLOCKS
        }
        TableKind::View | TableKind::Foreign => false,
    };
    std::iter::once(name.clone())
        .chain(catalog.below(name))
        .all(|one| catalog.table(&one).is_some_and(is_small))
}

fn large_source<'a>(insert: &Insert, catalog: &'a Catalog) -> Option<&'a Table> {
    insert
        .reads
        .iter()
        .filter_map(|table| catalog.table(table))
        .find(|table| table.pages > SMALL_SOURCE_BLOCKS)
}

/// The rows to take batch by batch from the source itself: each is copied alone, whenever it is
/// looked at.
fn walked<'a>(insert: &'a Insert, catalog: &Catalog) -> Option<&'a RowCopy> {
    let copy = insert.copy.as_ref()?.as_ref().ok()?;
    reach::copies_each_alone(copy, &insert.table, &insert.reads, catalog).then_some(copy)
}

pub(crate) fn insert(insert: &Insert, context: &Context<'_>) -> Result<Decision, Problem> {
    if !context.directives.allows_blocking()
        && let Some(decision) = follow::followed(insert, context)
    {
        return Ok(reverse(decision, insert, context));
    }
    Ok(follow::told(copied_once(insert, context)?, insert, context))
}

/// Refuses rows that are numbered as they come, where an earlier statement has changed the order in
/// which they lie, and none is said.
fn in_their_order(insert: &Insert, context: &Context<'_>) -> Result<(), Problem> {
    let is_left_out = |name: &str| {
        let named = insert.columns.as_ref();
        named.is_some_and(|columns| columns.iter().all(|column| column.as_str() != name))
    };
    let draws = |column: &Column| {
        let by_default = column.default.as_deref().is_some_and(|default| {
            crate::sql::from_text(default)
                .is_some_and(|read| crate::touches::draws_numbers(&read, context.catalog))
        });
        is_left_out(&column.name) && (column.identity.is_some() || by_default)
    };
    let target = context.table(&insert.table).into_iter();
    let is_numbered = target.flat_map(|table| &table.columns).any(draws);
    let moved = insert
        .reads
        .iter()
        .find_map(|table| context.moves_rows(table));
    match moved {
        Some(statement) if is_numbered && !crate::sql::is_sorted(&insert.sql) => {
            let message = "this INSERT numbers rows in the order in which they lie";
            Err(listed::behind_batches(message, statement))
        }
        Some(_) | None => Ok(()),
    }
}

fn copied_once(insert: &Insert, context: &Context<'_>) -> Result<Decision, Problem> {
    in_their_order(insert, context)?;
    if let Some(source) = large_source(insert, context.catalog)
        && !context.directives.allows_blocking()
    {
        return batches(insert, source, context);
    }
    let new = context
        .table(&insert.table)
        .is_some_and(|table| table.is_new);
    let locks = if new {
        vec![]
    } else {
        vec![(insert.table.clone(), Lock::RowExclusive)]
    };
    let action = Action::as_written(
        format!("insert into {}", insert.table.shown()),
        insert.sql.clone(),
        locks,
    );
    Ok(reverse(
        Decision::because("a few rows").expand(action, []),
        insert,
        context,
    ))
}

fn batches(insert: &Insert, source: &Table, context: &Context<'_>) -> Result<Decision, Problem> {
    let fired = fired(
        &insert.table,
        Deed::Insert,
        &[],
        context.before(),
        context.catalog,
    );
    if !fired.rules.is_empty() {
        return Err(listed::rules("this INSERT", &insert.table, &fired.rules));
    }
    if !fired.statement.is_empty() && !context.directives.allows_triggers_per_batch() {
        return Err(listed::statement_triggers(&insert.table, &fired.statement));
    }
    if let Some(why) = context
        .table(&insert.table)
        .and_then(|table| listed::asked_at_the_end(table, Deed::Insert, &[]))
    {
        return Err(listed::as_one("this INSERT", why));
    }
    if let Some(copy) = walked(insert, context.catalog) {
        return Ok(copied(insert, copy, context));
    }
    let why = match &insert.listing {
        Some(Ok(listing)) => return Ok(list(insert, listing, context)),
        Some(Err(why)) => why,
        None => "isn't a plain SELECT",
    };
    Err(Problem::new(
        code::NOT_BATCHABLE,
        format!("INSERT reads all of {} in one transaction, as it {why}", source.full_name().shown()),
    )
    .label("one long transaction")
    .help("write INSERT INTO .. (columns) SELECT values FROM .., which is done in batches, or say `-- concertina: allow blocking`"))
}

/// The new rows by way of a list.
fn list(insert: &Insert, listing: &Listing, context: &Context<'_>) -> Decision {
    let why = match &insert.copy {
        Some(Err(why)) => *why,
        Some(Ok(_)) | None => "reads more than one row of its source for a new one",
    };
    let list = WorkList {
        query: listing.query.clone(),
        key: vec![],
        relied_on: vec![],
        values: listing.columns.clone(),
        first_only: false,
        only: false,
        change: Listed::Insert {
            before: listing.before.clone(),
            after: listing.after.clone(),
        },
    };
    let decision = listed::decision(&insert.table, why, &list);
    let alias = insert.table.name.clone();
    reverse(
        decision.fill(listed::backfill(&insert.table, &alias, list)),
        insert,
        context,
    )
}

fn copied(insert: &Insert, copy: &RowCopy, context: &Context<'_>) -> Decision {
    let backfill = Backfill {
        table: copy.source.clone(),
        alias: copy.alias.clone(),
        operation: Operation::Copy {
            target: insert.table.clone(),
            columns: copy.columns.clone(),
            values: copy.values.clone(),
            key: copy.key.clone(),
        },
        from: Some(copy.from.clone()),
        predicate: copy.predicate.clone().unwrap_or_else(|| "true".to_owned()),
        hot: false,
        lookups: false,
        synced: false,
        workers: context.directives.workers(),
        key: context.directives.key().map(<[Ident]>::to_vec),
        silent: false,
    };
    let decision = Decision::because(
        "one statement would hold its snapshot until the last row; batches hold theirs for milliseconds",
    )
    .fill(backfill)
    .note(format!(
        "rows that the application writes to {} after a batch has passed are looked for at the end; what it changes in \
         a row already copied isn't copied again",
        copy.source.shown()
    ));
    reverse(decision, insert, context)
}

fn reverse(decision: Decision, insert: &Insert, context: &Context<'_>) -> Decision {
    if let Some(table) = context.written_beside(&insert.beside) {
        return decision.irreversible(format!(
            "the rows of {} as they were aren't kept",
            table.shown()
        ));
    }
    if context
        .table(&insert.table)
        .is_some_and(|table| table.is_new)
    {
        decision.reverse("")
    } else {
        decision.irreversible(format!(
            "which rows of {} were inserted isn't known later",
            insert.table.shown()
        ))
    }
}
