//! DELETE
//!
//! **Danger**: one statement over a large table holds row locks and one snapshot until the last row.
//! **Instead**: small batches in physical order, by the same machinery as an UPDATE.
//! **Hazard**: code that still reads the rows.

use super::{Context, update};
use crate::action::{Action, Backfill, Lock, Operation};
use crate::catalog::TableKind;
use crate::change::Delete;
use crate::decision::Decision;
use crate::problem::Problem;
use concertina_revisions::Ident;

pub(super) fn delete(delete: &Delete, context: &Context<'_>) -> Result<Decision, Problem> {
    let Some(table) = context.table(&delete.table) else { return Ok(Decision::default()) };
    if context.is_copied_into(&delete.table) {
        return Err(update::copied_meanwhile());
    }
    let lost = format!("the deleted rows of {} are gone", delete.table.shown());
    if context.catalog.is_empty(&delete.table) {
        let locks = if table.is_new { vec![] } else { vec![(delete.table.clone(), Lock::RowExclusive)] };
        let action =
            Action::AsWritten { what: format!("delete from {}", delete.table.shown()), sql: delete.sql.clone(), locks };
        let decision = Decision::because("the table holds no row that anyone else sees").expand(action, []);
        return Ok(if table.is_new { decision.reverse("") } else { decision.irreversible(lost) });
    }
    if let Some(why) = delete.whole {
        return Err(update::not_batchable(&format!("a DELETE that {why} can't be cut into batches")));
    }
    if table.kind == TableKind::View {
        return Err(update::not_batchable("a DELETE from a view can't be cut into batches"));
    }
    let backfill = Backfill {
        table: delete.table.clone(),
        alias: delete.alias.clone(),
        operation: Operation::Delete,
        from: delete.using.clone(),
        predicate: delete.predicate.as_ref().map_or_else(|| "true".to_owned(), |predicate| predicate.sql.clone()),
        hot: false,
        lookups: false,
        synced: false,
        workers: context.directives.workers(),
        key: context.directives.key().map(<[Ident]>::to_vec),
        silent: false,
    };
    let mut decision = Decision::because(
        "one statement would hold its locks and its snapshot until the last row; batches hold them for milliseconds",
    )
    .fill(backfill)
    .irreversible(lost);
    let unindexed: Vec<String> = context
        .catalog
        .referencing(&delete.table)
        .filter(|(other, key)| !other.indexes.iter().any(|index| index.keys.first() == key.columns.first()))
        .map(|(other, _)| other.full_name().shown())
        .collect();
    if !unindexed.is_empty() {
        decision =
            decision.note(format!("each deleted row scans {}: index its foreign key first", unindexed.join(", ")));
    }
    Ok(decision)
}
