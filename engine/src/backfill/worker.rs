//! One connection that takes ranges from the queue and changes their rows, a batch and its
//! checkpoint at a time.

use super::duty::Duty;
use super::fixed::Fixed;
use super::pace::Pace;
use super::statements::{Bookkeeping, Statements};
use super::{Part, Shared, keyset, list};
use crate::checkpoint::{self, BlockRange, Mark};
use crate::connection::session::{Bound, Role, Session, UnderWay};
use crate::error::{Class, Error};
use crate::event::Event;
use crate::retry::Backoff;
use crate::throttle::Prober;
use concertina_planner::action::sql::FILLING;
use concertina_planner::action::{Backfill, Operation};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio_postgres::types::ToSql;

/// After so many failures on the same blocks a batch goes around locked rows; the sweep comes back
/// for them.
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
    /// What goes with every batch, and when that was measured.
    pub(super) fixed: Fixed,
    pub(super) measured: Option<Instant>,
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
            fixed: Fixed::new(round_trip),
            measured: None,
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
            let Some(part) = self.shared.take() else {
                return Ok(());
            };
            match part {
                Part::Blocks(leaf, range) => self.fill(leaf, range).await?,
                Part::Keys(leaf, range) => {
                    keyset::walk(self, leaf, range).await?;
                }
                Part::List(range) => list::walk(self, range).await?,
                Part::Sweep(leaf, start, end) => self.sweep(leaf, start, end).await?,
                Part::SweepByKey(leaf) => keyset::sweep(self, leaf).await?,
            }
        }
    }

    /// Sends a change with its checkpoint, in one transaction, and doesn't wait for the answer.
    /// `more`: rows that were changed without a checkpoint.
    pub(crate) async fn with_checkpoint(
        &mut self,
        leaf: usize,
        change: Bound,
        mark_to: Mark,
        more: i64,
    ) -> Result<UnderWay, Error> {
        let shared = Arc::clone(&self.shared);
        let doing = shared.doing(leaf);
        let relation = shared.leaves[leaf].counted;
        let Bookkeeping { count, mark } = self.statements.bookkeeping(&self.session, doing).await?;
        let to_mark: Vec<Box<dyn ToSql + Sync + Send>> = vec![
            Box::new(mark_to.job),
            Box::new(mark_to.start),
            Box::new(mark_to.to.0),
            Box::new(mark_to.to.1),
            Box::new(mark_to.passes),
            Box::new(more),
            Box::new(mark_to.done),
            Box::new(mark_to.key),
            Box::new(relation),
            Box::new(mark_to.from.0),
            Box::new(mark_to.from.1),
        ];
        self.session
            .send(
                doing,
                [(count, vec![Box::new(relation)]), change, (mark, to_mark)],
            )
            .await
    }

    /// Waits for the answer to a change with its checkpoint.
    pub(crate) async fn landed(&self, leaf: usize, sent: UnderWay) -> Result<Changed, Error> {
        let (rows, marked) = self.session.answered(self.shared.doing(leaf), sent).await?;
        let unsigned = |column| u64::try_from(marked.get::<_, i64>(column)).unwrap_or(0);
        Ok(Changed {
            rows,
            hot: unsigned(0),
            took: Duration::from_micros(unsigned(1)),
        })
    }

    /// Waits as long as the throttle says, and learns how long a batch should take.
    pub(crate) async fn gate(&mut self) -> Result<(), Error> {
        loop {
            self.shared.check()?;
            let (target, share, stop) = {
                let orders = &self.shared.conditions.borrow().orders;
                (orders.batch_target, orders.share, orders.stop)
            };
            self.pace
                .aim(target.max(self.fixed.least()), self.fixed.on_server());
            if stop {
                self.shared.stop.sleep(Duration::from_millis(100)).await?;
            } else if self
                .shared
                .prober
                .as_ref()
                .is_some_and(Prober::holds_breath)
            {
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

    /// A batch of so many blocks went well, and changed so many rows: the next one's size and the
    /// rest before it follow from how long it took.
    pub(crate) fn took(&mut self, duration: Duration, blocks: u32, rows: u64) {
        self.duty.worked(duration);
        self.pace.took(duration, blocks, rows);
    }

    /// The server had nothing of ours to do for so long.
    pub(super) fn rested(&mut self, duration: Duration) {
        self.duty.rested(duration);
    }

    /// Waits while there are more workers than may work, and parts that others can take.
    async fn stand_by(&self) -> Result<(), Error> {
        while self.number >= self.shared.conditions.borrow().orders.workers
            && self.shared.has_parts()
        {
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
                Err(error) if began.elapsed() > self.shared.settings.reconnect_budget => {
                    return Err(error);
                }
                Err(_) => {}
            }
        }
    }

    /// Where a range stands by its checkpoint, which knows what was committed.
    pub(super) async fn stored(&mut self, range: &BlockRange) -> Result<BlockRange, Error> {
        loop {
            match checkpoint::block_range(&self.session, range.job, range.start).await {
                Ok(None) => return Ok(*range),
                Ok(Some(stored)) if stored.passes == 0 => {
                    return Ok(BlockRange {
                        passes: range.passes,
                        ..stored
                    });
                }
                Ok(Some(stored)) => return Ok(stored),
                Err(error) if error.class() == Class::Connection => {
                    self.reconnect(&error.to_string()).await?;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// The failure with the blocks it is about.
pub(super) fn poisoned(cut: Cut, error: Error) -> Error {
    match error {
        Error::Sql { doing, cause } => Error::Sql {
            doing: format!("{doing}, blocks {} to {}", cut.from, cut.upto),
            cause,
        },
        other => other,
    }
}

async fn open(shared: &Shared) -> Result<Session, Error> {
    let session = Session::open(&shared.connect, Role::Worker, &shared.settings).await?;
    let session = session.beside(&shared.server, &shared.connect)?;
    if shared.backfill.lookups {
        // PostgreSQL overestimates a slice, and would hash the whole other table for a few hundred
        // rows.
        let sql = "SET enable_hashjoin = off; SET enable_mergejoin = off;";
        session.batch_execute("setting up a worker", sql).await?;
    }
    if shared.backfill.silent {
        session.batch_execute("setting up a worker", SILENT).await?;
    }
    if let Some(filling) = filling(&shared.backfill) {
        session
            .batch_execute("setting up a worker", &filling)
            .await?;
    }
    Ok(session)
}

/// Tells triggers which second column is filled: what batches write there needs nothing carried
/// over.
pub(crate) fn filling(backfill: &Backfill) -> Option<String> {
    match &backfill.operation {
        Operation::Assign(sets) if backfill.synced => {
            let [(column, _)] = sets.as_slice() else {
                return None;
            };
            Some(format!("SET {FILLING} = {}", column.literal()))
        }
        Operation::Assign(_)
        | Operation::Delete
        | Operation::Copy { .. }
        | Operation::Listed(_) => None,
    }
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
