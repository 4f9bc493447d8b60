//! What a backfill has before it: its tables, how each is walked, and what earlier runs have left
//! of them.

use super::leaf::{self, Leaf, leaves};
use super::window::Passes;
use super::{Part, Target};
use crate::checkpoint;
use crate::error::Error;
use crate::event::Event;
use crate::lock::lease::Lease;
use crate::place::JobKey;
use concertina_planner::action::{Backfill, Operation};
use parking_lot::Mutex;
use std::collections::VecDeque;

/// A table, with how it is walked.
pub(super) async fn target(
    lease: &Lease,
    key: &JobKey,
    backfill: &Backfill,
    leaf: Leaf,
) -> Result<Target, Error> {
    let by_key = backfill.key.is_some() || !leaf.heap;
    let walked_by = if by_key {
        Some(leaf::key(&lease.records, backfill, &leaf).await?)
    } else {
        None
    };
    let counted = match &backfill.operation {
        Operation::Copy { target, .. } => {
            let sql = "SELECT coalesce(to_regclass($1)::oid, 0::oid)";
            lease
                .records
                .query_one("looking for the table to copy to", sql, &[&target.sql()])
                .await?
                .get(0)
        }
        Operation::Assign(_) | Operation::Delete | Operation::Listed(_) => leaf.oid,
    };
    let hot = backfill.hot && matches!(backfill.operation, Operation::Assign(_));
    let passes = Mutex::new(Passes::new(
        hot,
        leaf.rows_per_block(),
        lease.settings.passes_max,
    ));
    let doing = format!("{}: backfill of {}", key.step, leaf.name.shown());
    Ok(Target {
        leaf,
        doing,
        counted,
        key: walked_by,
        passes,
    })
}

/// The tables, what is left to walk of them, and the rows that earlier runs changed.
pub(super) async fn open(
    lease: &Lease,
    key: &JobKey,
    backfill: &Backfill,
) -> Result<(Vec<Target>, VecDeque<Part>, u64), Error> {
    let (mut targets, mut parts, mut before) = (Vec::new(), VecDeque::new(), 0);
    for (at, leaf) in leaves(&lease.records, &backfill.table)
        .await?
        .into_iter()
        .enumerate()
    {
        let target = target(lease, key, backfill, leaf).await?;
        let leaf = &target.leaf;
        let stored = checkpoint::job(&lease.records, key, leaf.oid).await?;
        let job = match stored {
            Some(job) if job.filenode == leaf.filenode => job,
            stored => {
                if let Some(job) = stored {
                    let text = format!(
                        "{} was rewritten since; its blocks are walked again",
                        leaf.name.shown()
                    );
                    lease.tell(Event::Note { text });
                    checkpoint::restart_job(&lease.records, job.id).await?;
                }
                let window = target.key.is_none().then_some(lease.settings.window_blocks);
                checkpoint::open_job(
                    &lease.records,
                    key,
                    leaf.oid,
                    leaf.filenode,
                    leaf.blocks,
                    window,
                )
                .await?
            }
        };
        tracing::debug!(
            table = leaf.name.shown(),
            blocks = job.blocks,
            "backfill job"
        );
        if target.key.is_some() {
            let range = checkpoint::key_range(&lease.records, job.id).await?;
            before += range.as_ref().map_or(0, |range| unsigned(range.rows));
            parts.extend(
                range
                    .filter(|range| !range.done)
                    .map(|range| Part::Keys(at, range)),
            );
        } else {
            let ranges = checkpoint::block_ranges(&lease.records, job.id).await?;
            before += ranges.iter().map(|range| unsigned(range.rows)).sum::<u64>();
            parts.extend(
                ranges
                    .into_iter()
                    .filter(|range| !range.done)
                    .map(|range| Part::Blocks(at, range)),
            );
        }
        targets.push(target);
    }
    Ok((targets, parts, before))
}

fn unsigned(rows: i64) -> u64 {
    u64::try_from(rows).unwrap_or(0)
}
