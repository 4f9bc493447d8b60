//! One window of blocks, filled: a look first, then batches, as many under way as the network asks
//! for.
//!
//! Each batch is a transaction with its checkpoint. What was sent behind a batch that failed finds
//! the checkpoint elsewhere and fails as well, so there is never a hole behind a checkpoint.

use super::batch_sql::BatchSql;
use super::stuck::Stuck;
use super::window::{batch_blocks_max, passes_left};
use super::worker::{Changed, Cut, STUMBLES_MAX, Worker, poisoned};
use crate::checkpoint::BlockRange;
use crate::connection::session::{Bound, UnderWay};
use crate::error::{Class, Error};
use crate::tid::Tid;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use tokio_postgres::types::ToSql;

/// A look takes so many blocks at a time: it writes nothing, and ends at the first row.
const LOOK_BLOCKS: i64 = 256;

/// How often what goes with every batch is measured.
const MEASURE_EVERY: Duration = Duration::from_secs(1);

/// A batch that was sent.
struct Flight {
    cut: Cut,
    /// Where the range stands once it is done.
    next: BlockRange,
    sent: UnderWay,
}

/// A window on its way.
struct Window {
    /// Where its checkpoint is.
    range: BlockRange,
    /// Up to where batches were sent.
    sent: BlockRange,
    flights: VecDeque<Flight>,
    changed: Changed,
    stumbles: u32,
    stuck: Stuck,
    /// Whether the first pass tells how many there must be: it was walked from its beginning.
    measures: bool,
}

impl Window {
    fn new(range: BlockRange) -> Window {
        let measures = range.passes > 2 && range.pass == 0 && range.next == range.start;
        let (flights, changed) = (VecDeque::new(), Changed::default());
        Window {
            sent: range,
            range,
            flights,
            changed,
            stumbles: 0,
            stuck: Stuck::default(),
            measures,
        }
    }

    /// Whether the first pass has just been sent to its end.
    fn first_pass_is_out(&self) -> bool {
        self.measures && self.sent.pass == 1
    }

    fn is_at(&mut self, range: BlockRange) {
        (self.sent, self.range) = (range, range);
    }
}

impl Worker {
    /// One window, in as many passes as are worth it.
    pub(super) async fn fill(&mut self, leaf: usize, mut range: BlockRange) -> Result<(), Error> {
        if range.passes == 0 {
            range.passes = i32::from(self.shared.passes_for(leaf));
            if range.passes > 1 && !self.any(leaf, &range).await? {
                return self.nothing_to_do(leaf, range).await;
            }
        }
        let mut window = Window::new(range);
        self.bound_by(window.range.passes);
        while !window.range.done {
            let launched = self.launch_all(leaf, &mut window).await;
            let Some(flight) = window.flights.pop_front() else {
                // Nothing is under way: so something went wrong on the way out.
                let (cut, error) = match launched {
                    Err(failed) => *failed,
                    Ok(()) => continue,
                };
                self.failed(leaf, &mut window, cut, error).await?;
                continue;
            };
            match self.landed(leaf, flight.sent).await {
                Ok(changed) => {
                    let (cut, before) = (flight.cut, window.range.rows);
                    window.range = BlockRange {
                        rows: before + signed(changed.rows),
                        ..flight.next
                    };
                    self.done(&mut window, cut, changed).await;
                }
                Err(error) => {
                    self.ground(leaf, &mut window).await;
                    self.failed(leaf, &mut window, flight.cut, error).await?;
                }
            }
        }
        self.shared
            .learned(leaf, passes_of(window.range.passes), window.changed);
        Ok(())
    }

    /// Sends as many batches as may be under way.
    async fn launch_all(
        &mut self,
        leaf: usize,
        window: &mut Window,
    ) -> Result<(), Box<(Cut, Error)>> {
        let depth = if window.stumbles > 0 { 1 } else { self.depth() };
        while window.flights.len() < depth && !window.sent.done {
            let (to_fit, to_measure) = (window.first_pass_is_out(), self.is_to_measure());
            if (to_fit || to_measure) && !window.flights.is_empty() {
                // Once all is answered.
                return Ok(());
            }
            if to_fit {
                self.fit_passes(leaf, window);
            }
            let upto = (window.sent.next + i64::from(self.pace.blocks())).min(window.sent.end);
            let cut = Cut {
                from: window.sent.next,
                upto,
                pass: window.sent.pass,
                passes: window.sent.passes,
            };
            match self
                .launch(
                    leaf,
                    &window.sent,
                    cut,
                    window.flights.is_empty(),
                    window.stumbles,
                )
                .await
            {
                Ok(flight) => {
                    window.sent = flight.next;
                    window.flights.push_back(flight);
                }
                Err(error) => return Err(Box::new((cut, error))),
            }
        }
        Ok(())
    }

    /// `first`: nothing is under way.
    async fn launch(
        &mut self,
        leaf: usize,
        at: &BlockRange,
        cut: Cut,
        first: bool,
        stumbles: u32,
    ) -> Result<Flight, Error> {
        self.gate().await?;
        if first && self.is_to_measure() {
            self.measure(leaf, at).await?;
        }
        let next = after(at, cut);
        let sent = self
            .send(leaf, at, &next, cut, 0, stumbles >= STUMBLES_MAX)
            .await?;
        Ok(Flight { cut, next, sent })
    }

    fn is_to_measure(&self) -> bool {
        self.measured
            .is_none_or(|measured| measured.elapsed() > MEASURE_EVERY)
    }

    /// A batch of nothing: what it takes is what goes with every batch.
    async fn measure(&mut self, leaf: usize, at: &BlockRange) -> Result<(), Error> {
        let nothing = Cut {
            from: at.next,
            upto: at.next,
            pass: at.pass,
            passes: at.passes,
        };
        let began = Instant::now();
        let sent = self.send(leaf, at, at, nothing, 0, false).await?;
        self.landed(leaf, sent).await?;
        self.fixed.measured(began.elapsed());
        self.measured = Some(Instant::now());
        Ok(())
    }

    /// Waits for what is under way behind a batch that failed: it fails too, or was never done.
    async fn ground(&mut self, leaf: usize, window: &mut Window) {
        for flight in std::mem::take(&mut window.flights) {
            if self.session.is_closed() {
                // Nothing more is heard of them; the session that takes its place ends it first.
                return;
            }
            self.landed(leaf, flight.sent).await.ok();
        }
    }

    async fn done(&mut self, window: &mut Window, cut: Cut, changed: Changed) {
        let blocks = u32::try_from(cut.upto - cut.from).unwrap_or(u32::MAX);
        if let Some(alone) = self.pace.undisturbed(blocks) {
            self.shared.took(changed.took, alone);
        }
        self.took(changed.took, blocks, changed.rows);
        if window.flights.is_empty() {
            // While the answer came and the next batch goes the server rests.
            self.rested(self.fixed.way());
        }
        window.changed.rows += changed.rows;
        window.changed.hot += changed.hot;
        self.shared
            .moved(cut.upto - cut.from, passes_of(cut.passes), changed);
        window.stumbles = 0;
        window.stuck.moved();
        self.pay(changed.rows).await;
    }

    async fn failed(
        &mut self,
        leaf: usize,
        window: &mut Window,
        cut: Cut,
        error: Error,
    ) -> Result<(), Error> {
        let class = error.class();
        match class {
            Class::Fatal => {}
            Class::Connection => self.reconnect(&error.to_string()).await?,
            Class::Contention => self.pace.stumbled(),
        }
        // Only the checkpoint knows where the range stands.
        let stands = self.stored(&window.range).await?;
        let still_there = stands.is_where(&window.range);
        window.is_at(stands);
        if class == Class::Fatal && still_there {
            return Err(poisoned(cut, error));
        }
        if class == Class::Connection || !still_there {
            return Ok(());
        }
        window.stumbles += 1;
        if error.is_of_time() && cut.upto - cut.from == 1 && window.stumbles > STUMBLES_MAX {
            self.by_rows(leaf, window, cut).await
        } else {
            window.stuck.stumbled(&self.shared, cut, &error)
        }
    }

    /// One page in as many transactions as it has rows, and then its checkpoint with a batch of no
    /// rows.
    async fn by_rows(&mut self, leaf: usize, window: &mut Window, cut: Cut) -> Result<(), Error> {
        let rows = self.row_by_row(leaf, cut).await?;
        let none = Cut {
            from: cut.upto,
            ..cut
        };
        let next = after(&window.range, cut);
        let sent = self
            .send(leaf, &window.range, &next, none, signed(rows), false)
            .await?;
        self.landed(leaf, sent).await?;
        let rows = window.range.rows + signed(rows);
        window.is_at(BlockRange { rows, ..next });
        window.stumbles = 0;
        Ok(())
    }

    /// After the first pass it is known how many rows there are to change on a page: so many passes
    /// are left.
    fn fit_passes(&mut self, leaf: usize, window: &mut Window) {
        window.measures = false;
        let range = &window.range;
        let whole =
            self.shared.leaves[leaf].leaf.rows_per_block() * (range.end - range.start) as f64;
        let fitting = passes_left(passes_of(range.passes), window.changed.rows, whole);
        if fitting < passes_of(range.passes) {
            // What the first pass counted as a share of many is one of few.
            let blocks = range.end - range.start;
            let fewer = Changed::default();
            self.shared.moved(blocks, fitting, fewer);
            self.shared.unmoved(blocks, passes_of(range.passes));
            window.is_at(BlockRange {
                passes: i32::from(fitting),
                ..*range
            });
            self.bound_by(i32::from(fitting));
        }
    }

    fn bound_by(&mut self, passes: i32) {
        self.pace.bound(batch_blocks_max(
            self.shared.settings.window_blocks,
            passes_of(passes),
        ));
    }

    /// How many batches may be under way. Where rests are taken, one.
    fn depth(&self) -> usize {
        let conditions = self.shared.conditions.borrow();
        let orders = &conditions.orders;
        if orders.share < 1.0 || orders.stop {
            return 1;
        }
        self.fixed.depth(self.pace.target(), orders.alone)
    }

    /// Whether a window has any row to change.
    async fn any(&mut self, leaf: usize, range: &BlockRange) -> Result<bool, Error> {
        let doing = format!("{}, looking for rows", self.shared.doing(leaf));
        let mut from = range.next;
        while from < range.end {
            self.gate().await?;
            let upto = (from + LOOK_BLOCKS).min(range.end);
            let (first, last) = (Tid::start_of(from), Tid::start_of(upto));
            let found = match self.prepared(leaf).await {
                Ok(prepared) => {
                    self.session
                        .query_one(&doing, &prepared.any, &[&first, &last])
                        .await
                }
                Err(error) => Err(error),
            };
            match found {
                Ok(row) if row.get(0) => return Ok(true),
                Ok(_) => from = upto,
                Err(error) => match error.class() {
                    // The batches find out, and have a way with it.
                    Class::Contention => return Ok(true),
                    Class::Connection => self.reconnect(&error.to_string()).await?,
                    Class::Fatal => return Err(error),
                },
            }
        }
        Ok(false)
    }

    /// The checkpoint of a window in which nothing is to do.
    async fn nothing_to_do(&mut self, leaf: usize, range: BlockRange) -> Result<(), Error> {
        let mut window = Window::new(BlockRange { passes: 1, ..range });
        while !window.range.done {
            let at = window.range;
            let cut = Cut {
                from: at.next,
                upto: at.next,
                pass: at.pass,
                passes: 1,
            };
            let next = BlockRange {
                next: at.end,
                pass: at.pass + 1,
                done: true,
                ..at
            };
            let landed = match self.send(leaf, &at, &next, cut, 0, false).await {
                Ok(sent) => self.landed(leaf, sent).await,
                Err(error) => Err(error),
            };
            match landed {
                Ok(_) => {
                    self.shared.moved(at.end - at.next, 1, Changed::default());
                    window.is_at(next);
                }
                Err(error) => self.failed(leaf, &mut window, cut, error).await?,
            }
        }
        Ok(())
    }

    /// Sends BEGIN, the rows, their checkpoint and COMMIT. After a crash there are both or neither.
    /// `more`: rows that were changed without a checkpoint.
    async fn send(
        &mut self,
        leaf: usize,
        at: &BlockRange,
        next: &BlockRange,
        cut: Cut,
        more: i64,
        around_locks: bool,
    ) -> Result<UnderWay, Error> {
        let prepared = self.prepared(leaf).await?;
        let (from, upto) = (Tid::start_of(cut.from), Tid::start_of(cut.upto));
        let is_last = cut.pass + 1 >= cut.passes;
        let change: Bound = match (around_locks, is_last) {
            (true, _) => (
                prepared.unlocked.clone(),
                vec![Box::new(from), Box::new(upto)],
            ),
            (false, true) => (prepared.all.clone(), vec![Box::new(from), Box::new(upto)]),
            (false, false) => {
                let of_slice: Vec<Box<dyn ToSql + Sync + Send>> = vec![
                    Box::new(from),
                    Box::new(upto),
                    Box::new(cut.passes),
                    Box::new(cut.pass),
                ];
                (prepared.slice.clone(), of_slice)
            }
        };
        self.with_checkpoint(leaf, change, at.mark_to(next), more)
            .await
    }

    pub(super) async fn prepared(
        &mut self,
        leaf: usize,
    ) -> Result<std::sync::Arc<super::statements::Prepared>, Error> {
        let sql = || BatchSql::new(&self.shared.backfill, &self.shared.leaves[leaf].leaf.name);
        self.statements
            .of_table(&self.session, self.shared.doing(leaf), leaf, sql)
            .await
    }
}

fn signed(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

fn passes_of(passes: i32) -> u16 {
    u16::try_from(passes).unwrap_or(1).max(1)
}

/// Where a range stands once a batch is done.
fn after(range: &BlockRange, cut: Cut) -> BlockRange {
    let mut next = BlockRange {
        next: cut.upto,
        ..*range
    };
    if next.next >= next.end {
        next.pass += 1;
        if next.pass >= next.passes {
            next.done = true;
        } else {
            next.next = next.start;
        }
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_goes_round_pass_by_pass() {
        let mut range = BlockRange {
            job: 1,
            start: 100,
            end: 110,
            next: 100,
            pass: 0,
            passes: 2,
            rows: 0,
            done: false,
        };
        let mut seen = Vec::new();
        while !range.done {
            let upto = (range.next + 6).min(range.end);
            range = after(
                &range,
                Cut {
                    from: range.next,
                    upto,
                    pass: range.pass,
                    passes: range.passes,
                },
            );
            seen.push((range.pass, range.next));
        }
        assert_eq!(seen, [(0, 106), (1, 100), (1, 106), (2, 110)]);
    }
}
