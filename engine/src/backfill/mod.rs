//! Many small transactions that change rows, on several connections, until a sweep proves that none
//! is left.
//!
//! The walk over the table is complete by itself when a sync trigger fills what is written
//! meanwhile: a row version that lay below the end at the start and wasn't touched is still in its
//! block, and every other one has passed the trigger. The sweep at the end proves it all the same,
//! and finds the rows that batches went around.

mod batch_sql;
mod culprit;
mod duty;
pub(crate) mod estimate;
mod fill;
mod fixed;
mod keyset;
mod leaf;
pub(crate) mod list;
mod list_sql;
mod open;
mod pace;
mod progress;
mod statements;
mod stuck;
mod sweep;
mod vacuum;
mod window;
mod worker;

use crate::checkpoint::{self, BlockRange, KeyRange};
use crate::config::Settings;
use crate::connection::address::Connect;
use crate::connection::session::{Role, Session};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::lock::lease::Lease;
use crate::place::JobKey;
use crate::stop::Stop;
use crate::throttle::{Ceiling, Conditions, Monitor, Prober};
use batch_sql::BatchSql;
pub(crate) use batch_sql::over;
use concertina_planner::action::{Backfill, Operation};
use concertina_revisions::{Ident, TableName};
pub(crate) use leaf::{Leaf, leaves};
pub(crate) use list_sql::ListSql;
use open::{open, target};
use parking_lot::Mutex;
use progress::Meter;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU16, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use vacuum::Janitor;
use window::Passes;
pub(crate) use worker::SILENT;
pub(crate) use worker::filling;
use worker::{Changed, SWEEPS_MAX, Worker};

/// How often progress is told, and the lease looked after.
const TICK: Duration = Duration::from_millis(500);

/// Before there is a measure. Source: docs/src/backfill.md, between HOT and other updates.
const WAL_BYTES_PER_ROW_GUESS: f64 = 500.0;

/// Blocks that one sweep statement counts.
const SWEEP_BLOCKS: i64 = 8_192;

/// A part of the work that one worker takes, of the table with this number.
#[derive(Debug)]
enum Part {
    /// Change the rows of some blocks.
    Blocks(usize, BlockRange),
    /// Change all rows, in the order of a key.
    Keys(usize, KeyRange),
    /// Change the rows that some blocks of a list name.
    List(BlockRange),
    /// Look for rows that are left between two blocks.
    Sweep(usize, i64, i64),
    /// Look for rows that are left, in the order of a key.
    SweepByKey(usize),
}

/// A table of the backfill, with how it is walked.
struct Target {
    leaf: Leaf,
    /// What is done to it, for errors.
    doing: String,
    /// The table whose changed rows the server counts for us.
    counted: u32,
    /// Walk by this key and not by blocks.
    key: Option<Vec<(Ident, String)>>,
    passes: Mutex<Passes>,
}

/// What the workers of a backfill share.
struct Shared {
    connect: Connect,
    /// The one that holds our lock.
    server: String,
    settings: Settings,
    events: Events,
    stop: Stop,
    backfill: Backfill,
    step: String,
    leaves: Vec<Target>,
    queue: Mutex<VecDeque<Part>>,
    conditions: watch::Receiver<Conditions>,
    prober: Option<Prober>,
    ceiling: Ceiling,
    /// One worker failed: the others end after the batch in hand.
    halted: AtomicBool,
    rows: Arc<AtomicU64>,
    /// Rows and HOT rows of this run.
    changed: AtomicU64,
    hot: AtomicU64,
    /// Thousandths of blocks that are behind us.
    moved: AtomicU64,
    /// Microseconds that batches took, and of them those in which they waited for a core, the disk
    /// or a lock.
    took: AtomicU64,
    waited: AtomicU64,
    workers: AtomicU16,
    /// The rate, as last averaged.
    rows_per_second: AtomicU64,
    /// Rows that sweeps could not get rid of.
    left: AtomicI64,
}

impl Shared {
    fn take(&self) -> Option<Part> {
        if self.halted.load(Ordering::Relaxed) {
            return None;
        }
        self.queue.lock().pop_front()
    }

    fn has_parts(&self) -> bool {
        !self.queue.lock().is_empty()
    }

    /// What the whole server writes for each row of ours.
    fn wal_bytes_per_row(&self) -> f64 {
        let rows = self.rows_per_second.load(Ordering::Relaxed);
        if rows == 0 {
            WAL_BYTES_PER_ROW_GUESS
        } else {
            self.conditions.borrow().wal_bytes_per_second / rows as f64
        }
    }

    fn check(&self) -> Result<(), Error> {
        self.stop.check()?;
        if self.halted.load(Ordering::Relaxed) {
            Err(Error::Interrupted)
        } else {
            Ok(())
        }
    }

    fn doing(&self, leaf: usize) -> &str {
        &self.leaves[leaf].doing
    }

    fn passes_for(&self, leaf: usize) -> u16 {
        let old_snapshot = self.conditions.borrow().old_snapshot.is_some();
        self.leaves[leaf].passes.lock().next(old_snapshot)
    }

    fn learned(&self, leaf: usize, passes: u16, window: Changed) {
        let mut known = self.leaves[leaf].passes.lock();
        known.learned(passes, window.rows, window.hot);
    }

    /// A batch took so long, and would have taken so long without others.
    fn took(&self, took: Duration, alone: Duration) {
        let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.took.fetch_add(micros(took), Ordering::Relaxed);
        self.waited
            .fetch_add(micros(took.saturating_sub(alone)), Ordering::Relaxed);
    }

    /// So many blocks in one of so many passes weren't what they were counted as.
    fn unmoved(&self, blocks: i64, passes: u16) {
        self.moved
            .fetch_sub(milliblocks(blocks, passes), Ordering::Relaxed);
    }

    fn moved(&self, blocks: i64, passes: u16, changed: Changed) {
        self.moved
            .fetch_add(milliblocks(blocks, passes), Ordering::Relaxed);
        self.rows.fetch_add(changed.rows, Ordering::Relaxed);
        self.changed.fetch_add(changed.rows, Ordering::Relaxed);
        self.hot.fetch_add(changed.hot, Ordering::Relaxed);
    }
}

/// Thousandths of blocks in one of so many passes.
fn milliblocks(blocks: i64, passes: u16) -> u64 {
    u64::try_from(blocks).unwrap_or(0) * 1_000 / u64::from(passes.max(1))
}

/// Counts the rows of a table that are still to do, between the positions `$1` and `$2`.
pub(crate) fn pending_sql(backfill: &Backfill, leaf: &TableName) -> String {
    BatchSql::new(backfill, leaf).pending
}

/// Runs a backfill to its end: walks what no earlier run has walked, then sweeps. Gives the rows
/// that were changed, earlier runs included.
pub(crate) async fn run(
    lease: &mut Lease,
    key: &JobKey,
    backfill: &Backfill,
) -> Result<u64, Error> {
    if let Operation::Listed(list) = &backfill.operation {
        return list::run(lease, key, backfill, list).await;
    }
    loop {
        let (targets, parts, before) = open(lease, key, backfill).await?;
        let known: Vec<u32> = targets.iter().map(|target| target.leaf.oid).collect();
        let shared = share(lease, key, backfill, targets, parts, before).await?;
        work(lease, key, &shared, false).await?;
        sweep_parts(lease, &shared).await?;
        work(lease, key, &shared, true).await?;
        nothing_left(lease, &shared, backfill)?;
        let today = leaves(&lease.records, &backfill.table).await?;
        let Some(new) = today.iter().find(|leaf| !known.contains(&leaf.oid)) else {
            return Ok(shared.rows.load(Ordering::Relaxed));
        };
        let text = format!(
            "{} came to {} meanwhile, and is filled too",
            new.name.shown(),
            backfill.table.shown()
        );
        lease.tell(Event::Note { text });
    }
}

/// Only the sweep: proves that no row is left, and changes those that are.
pub(crate) async fn sweep(
    lease: &mut Lease,
    key: &JobKey,
    backfill: &Backfill,
) -> Result<(), Error> {
    let mut targets = Vec::new();
    for leaf in leaves(&lease.records, &backfill.table).await? {
        targets.push(target(lease, key, backfill, leaf).await?);
    }
    let shared = share(lease, key, backfill, targets, VecDeque::new(), 0).await?;
    sweep_parts(lease, &shared).await?;
    work(lease, key, &shared, true).await?;
    nothing_left(lease, &shared, backfill)
}

fn nothing_left(lease: &Lease, shared: &Shared, backfill: &Backfill) -> Result<(), Error> {
    let rows = shared.left.load(Ordering::Relaxed);
    if rows == 0 {
        return Ok(());
    }
    let table = backfill.table.shown();
    if backfill.synced {
        return Err(Error::RowsLeft {
            table,
            rows,
            sweeps: SWEEPS_MAX,
        });
    }
    // Without a trigger this is what one UPDATE does too: rows that come later are as they come.
    lease.tell(Event::Note {
        text: format!(
            "{rows} rows of {table} were written by others after they had been looked at"
        ),
    });
    Ok(())
}

async fn share(
    lease: &Lease,
    key: &JobKey,
    backfill: &Backfill,
    leaves: Vec<Target>,
    parts: VecDeque<Part>,
    rows: u64,
) -> Result<Arc<Shared>, Error> {
    let workers = backfill.workers.unwrap_or(lease.settings.workers);
    let (sender, conditions) = watch::channel(Conditions::at_first(&lease.settings, workers));
    let session = Session::open(&lease.connect, Role::Monitor, &lease.settings).await?;
    let prober = match lease.settings.latency_budget_percent {
        Some(_) => Some(probe(lease, &leaves).await?),
        None => None,
    };
    let rows = Arc::new(AtomicU64::new(rows));
    let monitor = Monitor {
        connect: lease.connect.clone(),
        settings: lease.settings.clone(),
        workers,
        prober: prober.clone(),
        rows: Arc::clone(&rows),
        events: lease.events.clone(),
    };
    tokio::spawn(monitor.run(session, sender));
    Ok(Arc::new(Shared {
        connect: lease.connect.clone(),
        server: lease.records.server.clone(),
        settings: lease.settings.clone(),
        events: lease.events.clone(),
        stop: lease.stop.clone(),
        backfill: backfill.clone(),
        step: key.step.clone(),
        leaves,
        queue: Mutex::new(parts),
        conditions,
        prober,
        ceiling: Ceiling::new(
            lease.settings.rows_per_second_max,
            lease.settings.wal_bytes_per_second_max,
        ),
        halted: AtomicBool::new(false),
        rows,
        changed: AtomicU64::new(0),
        hot: AtomicU64::new(0),
        moved: AtomicU64::new(0),
        took: AtomicU64::new(0),
        waited: AtomicU64::new(0),
        workers: AtomicU16::new(0),
        rows_per_second: AtomicU64::new(0),
        left: AtomicI64::new(0),
    }))
}

/// Probes the largest table that has blocks, by reading rows here and there.
async fn probe(lease: &Lease, targets: &[Target]) -> Result<Prober, Error> {
    lease.tell(Event::Note {
        text: "measuring how long queries take before the backfill".to_owned(),
    });
    let leaf = targets
        .iter()
        .map(|target| &target.leaf)
        .max_by_key(|leaf| leaf.blocks)
        .filter(|leaf| leaf.blocks > 0);
    let (from, blocks) = leaf.map_or_else(
        || ("pg_catalog.pg_class".to_owned(), 1),
        |leaf| (format!("ONLY {}", leaf.name.sql()), leaf.blocks),
    );
    let sql = format!("SELECT 1 FROM {from} WHERE ctid = $1");
    Prober::start(lease.connect.clone(), lease.settings.clone(), sql, blocks).await
}

/// Puts sweeps of all tables, as large as they are now, into the queue.
async fn sweep_parts(lease: &Lease, shared: &Shared) -> Result<(), Error> {
    let today = leaves(&lease.records, &shared.backfill.table).await?;
    let mut parts = VecDeque::new();
    for (at, target) in shared.leaves.iter().enumerate() {
        if target.key.is_some() {
            parts.push_back(Part::SweepByKey(at));
            continue;
        }
        let blocks = today
            .iter()
            .find(|leaf| leaf.oid == target.leaf.oid)
            .map_or(0, |leaf| leaf.blocks);
        let mut start = 0;
        while start < blocks {
            let end = (start + SWEEP_BLOCKS).min(blocks);
            parts.push_back(Part::Sweep(at, start, end));
            start = end;
        }
    }
    *shared.queue.lock() = parts;
    Ok(())
}

/// Workers up, until the queue is empty; workers down.
async fn work(
    lease: &Lease,
    key: &JobKey,
    shared: &Arc<Shared>,
    sweeping: bool,
) -> Result<(), Error> {
    let parts = shared.queue.lock().len();
    let count = usize::from(shared.backfill.workers.unwrap_or(shared.settings.workers)).min(parts);
    let mut meter = Meter::new(shared, sweeping);
    let mut workers = JoinSet::new();
    for number in 0..u16::try_from(count).unwrap_or(u16::MAX) {
        let shared = Arc::clone(shared);
        workers.spawn(async move { Worker::start(shared, number).await?.work().await });
    }
    let mut janitor = Janitor::new(lease);
    let mut told = None;
    let mut failed: Option<Error> = None;
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            ended = workers.join_next() => {
                let Some(ended) = ended else { break };
                let ended = ended.unwrap_or_else(|panic| Err(Error::State(format!("a worker ended: {panic}"))));
                if let Err(error) = ended {
                    shared.halted.store(true, Ordering::Relaxed);
                    // The first reason counts: the others only stop because of it.
                    failed.get_or_insert(error);
                }
            }
            _ = tick.tick() => {
                if lease.records.is_closed() {
                    // Without the lock we have no right to go on.
                    shared.halted.store(true, Ordering::Relaxed);
                    let why = "the session that holds our lock was lost".to_owned();
                    failed.get_or_insert(Error::Connect { target: lease.connect.target(), why, code: None });
                }
                let progress = meter.read(shared);
                shared.rows_per_second.store(progress.rows_per_second as u64, Ordering::Relaxed);
                if told != progress.throttle {
                    told.clone_from(&progress.throttle);
                    // For those who look from outside; without it the work goes on.
                    checkpoint::set_throttle(&lease.records, key, told.as_deref()).await.ok();
                }
                (shared.events)(Event::Progress(progress));
                janitor.look(shared).await;
            }
        }
    }
    checkpoint::set_throttle(&lease.records, key, None)
        .await
        .ok();
    (shared.events)(Event::Progress(meter.read(shared)));
    match failed {
        Some(error) => Err(culprit::named(lease, shared, error).await),
        None => Ok(()),
    }
}
