//! INSERT
//!
//! **Danger**: INSERT .. SELECT from a large table is one long transaction.
//! **Instead**: rows given by value, or read from small or new tables, go in as written; those of a large source are
//! copied in small batches in its physical order, each with its checkpoint, and `ON CONFLICT .. DO NOTHING` makes a
//! batch that runs twice the same as one that runs once.
//! **Hazard**: rows that the source gets or changes later stay as they were copied, as with one statement.

use super::Context;
use crate::action::{Action, Backfill, Lock, Operation};
use crate::catalog::{Catalog, Table};
use crate::change::{Insert, RowCopy};
use crate::decision::Decision;
use crate::problem::{Problem, code};
use concertina_revisions::Ident;

/// A source of at most so many blocks (of 8 KiB) is read in a moment.
const SMALL_SOURCE_BLOCKS: u64 = 1_024;

/// The rows to take batch by batch, when one statement would take too long.
pub(super) fn in_batches<'a>(insert: &'a Insert, catalog: &Catalog) -> Option<&'a RowCopy> {
    large_source(insert, catalog)?;
    insert.copy.as_ref()?.as_ref().ok()
}

fn large_source<'a>(insert: &Insert, catalog: &'a Catalog) -> Option<&'a Table> {
    insert.reads.iter().filter_map(|table| catalog.table(table)).find(|table| table.pages > SMALL_SOURCE_BLOCKS)
}

pub(super) fn insert(insert: &Insert, context: &Context<'_>) -> Result<Decision, Problem> {
    if let Some(source) = large_source(insert, context.catalog)
        && !context.directives.allows_blocking()
    {
        let why = match &insert.copy {
            Some(Ok(copy)) => return Ok(copied(insert, copy, context)),
            Some(Err(why)) => why,
            None => "isn't a plain SELECT",
        };
        return Err(Problem::new(
            code::NOT_BATCHABLE,
            format!("INSERT reads all of {} in one transaction, as it {why}", source.full_name().shown()),
        )
        .label("one long transaction")
        .help(
            "write INSERT INTO .. (columns) SELECT values FROM table [JOIN ..] [WHERE ..] ON CONFLICT (key) DO NOTHING, \
             which is copied in batches, or say `-- concertina: allow blocking`",
        ));
    }
    let new = context.table(&insert.table).is_some_and(|table| table.is_new);
    let locks = if new { vec![] } else { vec![(insert.table.clone(), Lock::RowExclusive)] };
    let action =
        Action::AsWritten { what: format!("insert into {}", insert.table.shown()), sql: insert.sql.clone(), locks };
    Ok(reverse(Decision::because("a few rows").expand(action, []), insert, context))
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
    if context.table(&insert.table).is_some_and(|table| table.is_new) {
        decision.reverse("")
    } else {
        decision.irreversible(format!("which rows of {} were inserted isn't known later", insert.table.shown()))
    }
}
