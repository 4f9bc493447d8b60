//! INSERT
//!
//! **Danger**: INSERT .. SELECT from a large table is one long transaction.
//! **Instead**: rows given by value, or read from small or new tables, go in as written; a large source is refused.

use super::Context;
use crate::action::{Action, Lock};
use crate::change::Insert;
use crate::decision::{Decision, Rank};
use crate::plan::Phase;
use crate::problem::{Problem, code};

/// A source of at most so many blocks (of 8 KiB) is read in a moment.
const SMALL_SOURCE_BLOCKS: u64 = 1_024;

pub(super) fn insert(insert: &Insert, context: &Context<'_>) -> Result<Decision, Problem> {
    let large =
        insert.reads.iter().filter_map(|table| context.table(table)).find(|table| table.pages > SMALL_SOURCE_BLOCKS);
    if let Some(source) = large
        && !context.directives.allows_blocking()
    {
        return Err(Problem::new(
            code::NOT_BATCHABLE,
            format!("INSERT reads all of {} in one transaction", source.full_name().shown()),
        )
        .label("one long transaction")
        .help("copy in batches outside of the revision, or say `-- concertina: allow blocking`"));
    }
    let mut tables = vec![&insert.table];
    tables.extend(&insert.reads);
    let (phase, rank) =
        if context.waits_for_rows(&tables) { (Phase::Backfill, Rank::Fill) } else { (Phase::Expand, Rank::AsWritten) };
    let new = context.table(&insert.table).is_some_and(|table| table.is_new);
    let locks = if new { vec![] } else { vec![(insert.table.clone(), Lock::RowExclusive)] };
    let action =
        Action::AsWritten { what: format!("insert into {}", insert.table.shown()), sql: insert.sql.clone(), locks };
    let decision = Decision::because("a few rows").quick(phase, rank, action, []);
    Ok(if new {
        decision.reverse("")
    } else {
        decision.irreversible(format!("which rows of {} were inserted isn't known later", insert.table.shown()))
    })
}
