//! Counters into progress: share, rate, time left.

use super::{Part, Shared};
use crate::event::Progress;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// The weight of the newest reading in the averaged rate.
const NEWEST: f64 = 0.2;

/// From this share of their time on it is told that batches wait.
const WAITS: f64 = 0.5;

const WAITING: &str = "batches wait for most of their time: for a core, the disk or a lock";

/// Reads the counters of a backfill.
pub(crate) struct Meter {
    sweeping: bool,
    table: String,
    rows_total: u64,
    /// Blocks of this phase of the work.
    blocks: f64,
    /// Thousandths of blocks that were behind us at the start of this phase.
    moved_before: u64,
    last: Instant,
    last_rows: u64,
    last_moved: u64,
    rows_per_second: f64,
    blocks_per_second: f64,
    last_took: u64,
    last_waited: u64,
    /// The share of their time in which batches waited, averaged.
    waits: f64,
}

impl Meter {
    pub(crate) fn new(shared: &Shared, sweeping: bool) -> Meter {
        let queue = shared.queue.lock();
        let blocks = queue.iter().map(blocks_of).sum::<f64>();
        let moved = shared.moved.load(Ordering::Relaxed);
        Meter {
            sweeping,
            table: shared.backfill.table.shown(),
            rows_total: shared
                .leaves
                .iter()
                .map(|target| target.leaf.rows)
                .sum::<f64>() as u64,
            blocks,
            moved_before: moved,
            last: Instant::now(),
            last_rows: shared.rows.load(Ordering::Relaxed),
            last_moved: moved,
            rows_per_second: 0.0,
            blocks_per_second: 0.0,
            last_took: shared.took.load(Ordering::Relaxed),
            last_waited: shared.waited.load(Ordering::Relaxed),
            waits: 0.0,
        }
    }

    pub(crate) fn read(&mut self, shared: &Shared) -> Progress {
        let (rows, moved) = (
            shared.rows.load(Ordering::Relaxed),
            shared.moved.load(Ordering::Relaxed),
        );
        let seconds = self.last.elapsed().as_secs_f64();
        if seconds > 0.05 {
            let average = |known: f64, newest: f64| {
                if known == 0.0 {
                    newest
                } else {
                    known * (1.0 - NEWEST) + newest * NEWEST
                }
            };
            self.rows_per_second = average(
                self.rows_per_second,
                (rows - self.last_rows) as f64 / seconds,
            );
            let blocks = (moved - self.last_moved) as f64 / 1_000.0;
            self.blocks_per_second = average(self.blocks_per_second, blocks / seconds);
            let (took, waited) = (
                shared.took.load(Ordering::Relaxed),
                shared.waited.load(Ordering::Relaxed),
            );
            let share = (waited - self.last_waited) as f64 / (took - self.last_took).max(1) as f64;
            self.waits = self.waits * (1.0 - NEWEST) + share * NEWEST;
            (self.last_took, self.last_waited) = (took, waited);
            (self.last, self.last_rows, self.last_moved) = (Instant::now(), rows, moved);
        }
        let behind = (moved - self.moved_before) as f64 / 1_000.0;
        let left = (self.blocks - behind).max(0.0);
        let (changed, hot) = (
            shared.changed.load(Ordering::Relaxed),
            shared.hot.load(Ordering::Relaxed),
        );
        let conditions = shared.conditions.borrow();
        let old_snapshot = conditions
            .old_snapshot
            .as_ref()
            .map(|who| format!("one pass only: {who}"));
        let waits = (self.waits > WAITS).then(|| WAITING.to_owned());
        Progress {
            step: shared.step.clone(),
            table: self.table.clone(),
            rows,
            rows_total: self.rows_total.max(rows),
            share: if self.blocks > 0.0 {
                (behind / self.blocks).clamp(0.0, 1.0)
            } else {
                1.0
            },
            rows_per_second: self.rows_per_second,
            eta_seconds: (self.blocks_per_second > 0.0).then(|| left / self.blocks_per_second),
            hot_share: if changed == 0 {
                0.0
            } else {
                hot as f64 / changed as f64
            },
            workers: shared.workers.load(Ordering::Relaxed),
            throttle: conditions.orders.why.clone().or(old_snapshot).or(waits),
            sweeping: self.sweeping,
        }
    }
}

/// Blocks that a part still has ahead.
fn blocks_of(part: &Part) -> f64 {
    match part {
        Part::Blocks(_, range) | Part::List(range) => {
            let passes = f64::from(range.passes.max(1));
            let behind = f64::from(range.pass) / passes
                + (range.next - range.start) as f64
                    / ((range.end - range.start).max(1) as f64 * passes);
            (range.end - range.start) as f64 * (1.0 - behind)
        }
        Part::Sweep(_, start, end) => (end - start) as f64,
        // How far a key leads nobody knows.
        Part::Keys(..) | Part::SweepByKey(_) => 0.0,
    }
}
