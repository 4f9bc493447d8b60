//! One connection that takes ranges from the queue and changes their rows, a batch and its checkpoint at a time.

use super::batch_sql::BatchSql;
use super::duty::Duty;
use super::pace::Pace;
use super::statements::{Bookkeeping, Prepared, Statements};
use super::stuck::Stuck;
use super::window::batch_blocks_max;
use super::{Part, Shared, keyset, list};
use crate::checkpoint::RangeRow;
use crate::error::{Class, Error};
use crate::event::Event;
use crate::ladder::Backoff;
use crate::session::{Role, Session};
use crate::throttle::Prober;
use crate::tid::Tid;
use concertina_planner::action::Operation;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio_postgres::Statement;
use tokio_postgres::types::ToSql;

/// After so many failures on the same blocks a batch goes around locked rows; the sweep comes back for them.
pub(super) const STUMBLES_MAX: u32 = 3;

/// Under it, triggers and rules see nothing that aren't ENABLE REPLICA or ALWAYS.
pub(crate) const SILENT: &str = "SET session_replication_role = replica";

/// After so many sweeps of the same blocks something else must be writing them.
pub(crate) const SWEEPS_MAX: u32 = 5;

/// Which blocks a batch has, and how it is done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    pub(super) from: i64,
    pub(super) upto: i64,
    pub(super) pass: i32,
    pub(super) passes: i32,
}

/// What a batch changed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Changed {
    pub(crate) rows: u64,
    pub(crate) hot: u64,
    /// How long the server worked on it.
    pub(crate) took: Duration,
}

pub(crate) struct Worker {
    number: u16,
    pub(crate) shared: Arc<Shared>,
    pub(crate) session: Session,
    pub(crate) statements: Statements,
    pub(crate) pace: Pace,
    duty: Duty,
    /// The network's part of a statement.
    pub(crate) round_trip: Duration,
}

impl Worker {
    pub(crate) async fn start(shared: Arc<Shared>, number: u16) -> Result<Worker, Error> {
        let session = open(&shared).await?;
        let round_trip = round_trip(&session).await?;
        let pace = Pace::new(shared.settings.batch_target, shared.settings.window_blocks);
        Ok(Worker {
            number,
            shared,
            session,
            statements: Statements::default(),
            pace,
            duty: Duty::default(),
            round_trip,
        })
    }

    /// Works until the queue is empty or someone asks to stop.
    pub(crate) async fn work(mut self) -> Result<(), Error> {
        self.shared.workers.fetch_add(1, Ordering::Relaxed);
        let ended = self.take_parts().await;
        self.shared.workers.fetch_sub(1, Ordering::Relaxed);
        ended
    }

    async fn take_parts(&mut self) -> Result<(), Error> {
        loop {
            self.stand_by().await?;
            let Some(part) = self.shared.take() else { return Ok(()) };
            match part {
                Part::Fill(leaf, range) if self.shared.leaves[leaf].key.is_some() => {
                    keyset::walk(self, leaf, range).await?;
                }
                Part::Fill(_, range) if matches!(self.shared.backfill.operation, Operation::Listed(_)) => {
                    list::walk(self, range).await?;
                }
                Part::Fill(leaf, range) => self.fill(leaf, range).await?,
                Part::Sweep(leaf, start, end) if self.shared.leaves[leaf].key.is_some() => {
                    debug_assert_eq!((start, end), (0, 0), "a table that is walked by key is swept as a whole");
                    keyset::sweep(self, leaf).await?;
                }
                Part::Sweep(leaf, start, end) => self.sweep(leaf, start, end).await?,
            }
        }
    }

    /// One window, in as many passes as are worth it.
    async fn fill(&mut self, leaf: usize, mut range: RangeRow) -> Result<(), Error> {
        if range.passes == 0 {
            range.passes = i32::from(self.shared.passes_for(leaf));
        }
        let passes = u16::try_from(range.passes).unwrap_or(1);
        self.pace.bound(batch_blocks_max(self.shared.settings.window_blocks, passes));
        let mut window = Changed::default();
        let (mut stumbles, mut stuck) = (0, Stuck::default());
        while !range.done {
            self.gate().await?;
            let upto = (range.next + i64::from(self.pace.blocks())).min(range.end);
            let cut = Cut { from: range.next, upto, pass: range.pass, passes: range.passes };
            let next = after(&range, cut);
            match self.batch(leaf, &next, cut, range.rows, stumbles >= STUMBLES_MAX).await {
                Ok(changed) => {
                    self.took(changed.took, upto - cut.from >= i64::from(self.pace.blocks()));
                    window.rows += changed.rows;
                    window.hot += changed.hot;
                    self.shared.moved(upto - cut.from, passes, changed);
                    let rows = range.rows + i64::try_from(changed.rows).unwrap_or(i64::MAX);
                    range = RangeRow { rows, ..next };
                    stumbles = 0;
                    stuck.moved();
                    self.pay(changed.rows).await;
                }
                Err(error) => match error.class() {
                    Class::Contention => {
                        stumbles += 1;
                        self.pace.stumbled();
                        if error.is_of_time() && cut.upto - cut.from == 1 && stumbles > STUMBLES_MAX {
                            let rows = self.row_by_row(leaf, cut).await?;
                            // All of the page is done, and its checkpoint goes with a batch of no rows.
                            let none = Cut { from: cut.upto, ..cut };
                            let rows = range.rows + i64::try_from(rows).unwrap_or(i64::MAX);
                            self.batch(leaf, &next, none, rows, false).await?;
                            range = RangeRow { rows, ..next };
                            stumbles = 0;
                        } else {
                            stuck.stumbled(&self.shared, cut, &error)?;
                        }
                    }
                    Class::Connection => {
                        self.reconnect(&error.to_string()).await?;
                        range = self.reread(range).await?;
                    }
                    Class::Fatal => return Err(poisoned(cut, error)),
                },
            }
        }
        self.shared.learned(leaf, passes, window);
        Ok(())
    }

    /// One round trip: BEGIN, the rows, their checkpoint, COMMIT. After a crash there are both or neither.
    async fn batch(
        &mut self,
        leaf: usize,
        next: &RangeRow,
        cut: Cut,
        rows_before: i64,
        around_locks: bool,
    ) -> Result<Changed, Error> {
        let shared = Arc::clone(&self.shared);
        let doing = shared.doing(leaf);
        let prepared = self.prepared(leaf).await?;
        let bookkeeping = self.statements.bookkeeping(&self.session, doing).await?;
        let (from, upto) = (Tid::start_of(cut.from), Tid::start_of(cut.upto));
        let is_last = cut.pass + 1 >= cut.passes;
        let all: [&(dyn ToSql + Sync); 2] = [&from, &upto];
        let slice: [&(dyn ToSql + Sync); 4] = [&from, &upto, &cut.passes, &cut.pass];
        let (statement, parameters) = match (around_locks, is_last) {
            (true, _) => (&prepared.unlocked, &all[..]),
            (false, true) => (&prepared.all, &all[..]),
            (false, false) => (&prepared.slice, &slice[..]),
        };
        let oid = self.shared.leaves[leaf].counted;
        let mark: [&(dyn ToSql + Sync); 9] =
            [&next.job, &next.start, &next.next, &next.pass, &next.passes, &rows_before, &next.done, &next.key, &oid];
        self.together(doing, statement, parameters, &bookkeeping, &mark, oid).await
    }

    /// Sends a batch and its checkpoint in one go.
    pub(crate) async fn together(
        &self,
        doing: &str,
        statement: &Statement,
        parameters: &[&(dyn ToSql + Sync)],
        bookkeeping: &Bookkeeping,
        mark_parameters: &[&(dyn ToSql + Sync)],
        relation: u32,
    ) -> Result<Changed, Error> {
        let count_parameters: [&(dyn ToSql + Sync); 1] = [&relation];
        let three = [
            (&bookkeeping.count, &count_parameters[..]),
            (statement, parameters),
            (&bookkeeping.mark, mark_parameters),
        ];
        let (rows, marked) = self.session.in_one_go(doing, three).await?;
        let unsigned = |column| u64::try_from(marked.get::<_, i64>(column)).unwrap_or(0);
        Ok(Changed { rows, hot: unsigned(0), took: Duration::from_micros(unsigned(1)) })
    }

    pub(super) async fn prepared(&mut self, leaf: usize) -> Result<Arc<Prepared>, Error> {
        let sql = || BatchSql::new(&self.shared.backfill, &self.shared.leaves[leaf].leaf.name);
        self.statements.of_table(&self.session, self.shared.doing(leaf), leaf, sql).await
    }

    /// Waits as long as the throttle says, and learns how long a batch should take.
    pub(crate) async fn gate(&mut self) -> Result<(), Error> {
        loop {
            self.shared.check()?;
            let (target, share, stop) = {
                let orders = &self.shared.conditions.borrow().orders;
                (orders.batch_target, orders.share, orders.stop)
            };
            self.pace.aim(target);
            if stop {
                self.shared.stop.sleep(Duration::from_millis(100)).await?;
            } else if self.shared.prober.as_ref().is_some_and(Prober::holds_breath) {
                self.shared.stop.sleep(Duration::from_millis(2)).await?;
            } else {
                if let Some(rest) = self.duty.rest(share) {
                    let began = Instant::now();
                    self.shared.stop.sleep(rest).await?;
                    self.duty.rested(began.elapsed());
                }
                return Ok(());
            }
        }
    }

    /// A batch went well: the next one's size and the rest before it follow from how long it took.
    pub(crate) fn took(&mut self, duration: Duration, full: bool) {
        self.duty.worked(duration);
        self.pace.took(duration, full);
    }

    /// Waits while there are more workers than may work, and parts that others can take.
    async fn stand_by(&self) -> Result<(), Error> {
        while self.number >= self.shared.conditions.borrow().orders.workers && self.shared.has_parts() {
            self.shared.check()?;
            self.shared.stop.sleep(Duration::from_millis(100)).await?;
        }
        Ok(())
    }

    /// Waits until the batch is paid for, where there are ceilings.
    pub(crate) async fn pay(&self, rows: u64) {
        let wal_bytes_per_row = self.shared.wal_bytes_per_row();
        self.shared.ceiling.pay(rows, wal_bytes_per_row).await;
    }

    pub(crate) async fn reconnect(&mut self, why: &str) -> Result<(), Error> {
        let began = Instant::now();
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));
        loop {
            self.shared.check()?;
            let pause = backoff.next(rand::random());
            (self.shared.events)(Event::retrying("connecting a worker again", why, pause));
            self.shared.stop.sleep(pause).await?;
            match open(&self.shared).await {
                Ok(session) => {
                    // Its last batch may still be under way.
                    session.replaces(&self.session).await.ok();
                    self.session = session;
                    self.statements = Statements::default();
                    return Ok(());
                }
                Err(error) if began.elapsed() > self.shared.settings.reconnect_budget => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// After a lost connection only the checkpoint knows whether the last batch was committed.
    pub(crate) async fn reread(&mut self, range: RangeRow) -> Result<RangeRow, Error> {
        let stored = crate::checkpoint::load_ranges(&self.session, range.job).await?;
        let found = stored.into_iter().find(|stored| stored.start == range.start);
        Ok(found.map_or(range.clone(), |stored| RangeRow {
            passes: if stored.passes == 0 { range.passes } else { stored.passes },
            ..stored
        }))
    }
}

/// The failure with the blocks it is about.
pub(super) fn poisoned(cut: Cut, error: Error) -> Error {
    match error {
        Error::Sql { doing, cause } => {
            Error::Sql { doing: format!("{doing}, blocks {} to {}", cut.from, cut.upto), cause }
        }
        other => other,
    }
}

/// Where a range stands once a batch is done.
fn after(range: &RangeRow, cut: Cut) -> RangeRow {
    let mut next = RangeRow { next: cut.upto, ..range.clone() };
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

async fn open(shared: &Shared) -> Result<Session, Error> {
    let session = Session::open(&shared.connect, Role::Worker, &shared.settings).await?;
    if shared.backfill.lookups {
        // PostgreSQL overestimates a slice, and would hash the whole other table for a few hundred rows.
        let sql = "SET enable_hashjoin = off; SET enable_mergejoin = off;";
        session.batch_execute("setting up a worker", sql).await?;
    }
    if shared.backfill.silent {
        session.batch_execute("setting up a worker", SILENT).await?;
    }
    Ok(session)
}

/// How long a statement takes that does nothing: the shortest of a few.
async fn round_trip(session: &Session) -> Result<Duration, Error> {
    let mut shortest = Duration::MAX;
    for _ in 0..3 {
        let began = Instant::now();
        session.batch_execute("setting up a worker", "").await?;
        shortest = shortest.min(began.elapsed());
    }
    Ok(shortest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_goes_round_pass_by_pass() {
        let mut range =
            RangeRow { job: 1, start: 100, end: 110, next: 100, pass: 0, passes: 2, rows: 0, done: false, key: None };
        let mut seen = Vec::new();
        while !range.done {
            let upto = (range.next + 6).min(range.end);
            range = after(&range, Cut { from: range.next, upto, pass: range.pass, passes: range.passes });
            seen.push((range.pass, range.next));
        }
        assert_eq!(seen, [(0, 106), (1, 100), (1, 106), (2, 110)]);
    }
}
