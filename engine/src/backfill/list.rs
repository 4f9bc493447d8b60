//! Work lists: one statement finds rows under one snapshot and writes their keys down, with what is
//! to become of them; batches take them from there.
//!
//! The list's table is made, filled and recorded in one transaction, so there is the whole list or
//! none. It doesn't change, so a block of it is a perfect checkpoint, which moves in the statement
//! that changes the rows: whatever is killed wherever, no row is changed twice. It is logged: a
//! crash would empty another one, and nothing could tell then which rows are done.

use super::stuck::Stuck;
use super::window::Passes;
use super::worker::Worker;
use super::{ListSql, Part, Target, leaves, share, work};
use crate::checkpoint::{self, BlockRange};
use crate::connection::session::Session;
use crate::error::{Class, Error};
use crate::event::Event;
use crate::lock::lease::Lease;
use crate::place::JobKey;
use crate::retry::Backoff;
use crate::tid::Tid;
use concertina_planner::action::sql::{do_block, drop_own_table};
use concertina_planner::action::{Backfill, Operation, WorkList};
use concertina_revisions::TableName;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_postgres::types::ToSql;

/// After so many failures on one block of the list it is given up.
const STUMBLES_MAX: u32 = 40;

/// After so many failures to read the rows it is given up.
const LISTINGS_MAX: u32 = 20;

/// How often we look whom the listing waits for.
const WATCH: Duration = Duration::from_secs(1);

/// So many batches tell by name which rows they left.
const NAMED_MAX: u64 = 5;

/// The list's table: named after its job.
pub(crate) fn table(job: i64) -> TableName {
    TableName::new("concertina", format!("list_{job}").as_str())
}

/// Lists what no earlier run has listed, and changes what none has changed. Gives the rows that
/// were changed, earlier runs included.
pub(crate) async fn run(
    lease: &mut Lease,
    key: &JobKey,
    backfill: &Backfill,
    list: &WorkList,
) -> Result<u64, Error> {
    let job = match checkpoint::list_job(&lease.records, key).await? {
        Some(job) => job,
        None => listed(lease, key, backfill, list).await?,
    };
    let ranges = checkpoint::block_ranges(&lease.records, job).await?;
    let before = ranges
        .iter()
        .map(|range| u64::try_from(range.rows).unwrap_or(0))
        .sum();
    let left: VecDeque<BlockRange> = ranges.into_iter().filter(|range| !range.done).collect();
    if !left.is_empty() {
        change(lease, key, backfill, job, left, before).await?;
    }
    let told = checkpoint::list_counts(&lease.records, job).await?;
    tell(lease, backfill, &told);
    drop_table(&lease.records, job).await?;
    Ok(told.applied)
}

async fn change(
    lease: &Lease,
    key: &JobKey,
    backfill: &Backfill,
    job: i64,
    left: VecDeque<BlockRange>,
    before: u64,
) -> Result<(), Error> {
    let name = table(job);
    let Some(leaf) = leaves(&lease.records, &name).await?.into_iter().next() else {
        return Err(Error::State(format!(
            "{} is gone, and with it the list of rows that {} had still to change: take the revision back with \
             `concertina rollback`",
            name.shown(),
            key.step
        )));
    };
    let doing = format!("{}: rows of {} by a list", key.step, backfill.table.shown());
    let passes = Mutex::new(Passes::new(false, leaf.rows_per_block(), 1));
    let target = Target {
        counted: leaf.oid,
        leaf,
        doing,
        key: None,
        passes,
    };
    let parts = left.into_iter().map(Part::List).collect();
    let shared = share(lease, key, backfill, vec![target], parts, before).await?;
    work(lease, key, &shared, false).await
}

/// What came of a list.
fn tell(lease: &Lease, backfill: &Backfill, told: &checkpoint::ListCounts) {
    let table = backfill.table.shown();
    if told.skipped > 0 {
        let why = match &backfill.operation {
            Operation::Listed(list) if list.key.is_empty() => "were there already",
            _ => {
                "don't meet the condition any more, or were changed meanwhile: they are left as they are"
            }
        };
        lease.tell(Event::Note {
            text: format!("{} listed rows of {table} {why}", told.skipped),
        });
    }
    if told.gone > 0 {
        lease.tell(Event::Note {
            text: format!(
                "{} listed rows of {table} were deleted meanwhile",
                told.gone
            ),
        });
    }
}

/// Makes the list and its job; tries again when others are in the way.
async fn listed(
    lease: &mut Lease,
    key: &JobKey,
    backfill: &Backfill,
    list: &WorkList,
) -> Result<i64, Error> {
    let doing = format!("{}: listing rows of {}", key.step, backfill.table.shown());
    let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(10));
    for attempt in 1.. {
        lease.stop.check()?;
        let began = Instant::now();
        let made = tokio::select! {
            made = in_one_transaction(&lease.hands, &doing, key, backfill, list) => made,
            lost = lease.watch(&doing, WATCH) => Err(lost),
        };
        match made {
            Ok((job, rows)) => {
                let text = format!(
                    "{rows} rows of {} were listed, under a snapshot of {:.1} s",
                    backfill.table.shown(),
                    began.elapsed().as_secs_f64()
                );
                lease.tell(Event::Note { text });
                // For the plans of the batches; without it they are guessed.
                let analyze = format!("ANALYZE {}", table(job).sql());
                lease.hands.batch_execute(&doing, &analyze).await.ok();
                return Ok(job);
            }
            Err(error) if error.class() == Class::Contention && attempt < LISTINGS_MAX => {
                let pause = backoff.next(rand::random());
                lease.tell(Event::retrying(&doing, &error.to_string(), pause));
                lease.stop.sleep(pause).await?;
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::Interrupted)
}

async fn in_one_transaction(
    hands: &Session,
    doing: &str,
    key: &JobKey,
    backfill: &Backfill,
    list: &WorkList,
) -> Result<(i64, u64), Error> {
    hands
        .batch_execute(doing, "BEGIN; SET LOCAL synchronize_seqscans = off")
        .await?;
    let made = async {
        let job = checkpoint::open_list_job(hands, key).await?;
        let name = table(job);
        let sql = ListSql::new(backfill, list, &name);
        // One of a job that was forgotten.
        drop_table(hands, job).await?;
        hands.batch_execute(doing, &sql.make).await?;
        hands.batch_execute(doing, &ours_alone(&name)).await?;
        if let Some(unique) = &sql.unique {
            hands.batch_execute(doing, unique).await?;
        }
        let rows = hands.execute(doing, sql.fill.as_str(), &[]).await?;
        checkpoint::begin_list_job(hands, job, &name).await?;
        hands.batch_execute(doing, "COMMIT").await?;
        Ok((job, rows))
    };
    let made = made.await;
    if made.is_err() {
        hands.batch_execute(doing, "ROLLBACK").await.ok();
    }
    made
}

/// The list holds rows of the application: whoever default privileges would let read it is let no
/// more.
pub(crate) fn ours_alone(name: &TableName) -> String {
    let body = format!(
        "\nDECLARE other record;\nBEGIN\n  FOR other IN SELECT DISTINCT grantee FROM pg_class, aclexplode(relacl) \
         WHERE oid = {}::regclass AND grantee <> relowner LOOP\n    \
         EXECUTE format('REVOKE ALL ON {} FROM %s', CASE other.grantee WHEN 0 THEN 'PUBLIC' ELSE \
         quote_ident(pg_get_userbyid(other.grantee)) END);\n  END LOOP;\nEND\n",
        name.regclass_literal(),
        name.sql(),
    );
    do_block(&body)
}

/// Drops a list whose rows are done, or are to be left.
pub(crate) async fn drop_table(session: &Session, job: i64) -> Result<(), Error> {
    session
        .batch_execute("dropping a list of rows", &drop_own_table(&table(job)))
        .await
}

/// What a batch did.
struct Did {
    applied: u64,
    skipped: u64,
    gone: u64,
    examples: Option<String>,
    took: Duration,
}

/// Walks the list to its end.
pub(super) async fn walk(worker: &mut Worker, mut range: BlockRange) -> Result<(), Error> {
    worker
        .session
        .batch_execute("setting up a worker", "SET synchronize_seqscans = off")
        .await?;
    let (mut stumbles, mut named, mut stuck) = (0, 0, Stuck::default());
    while !range.done {
        worker.gate().await?;
        let upto = (range.next + i64::from(worker.pace.blocks())).min(range.end);
        let next = BlockRange {
            next: upto,
            done: upto >= range.end,
            ..range
        };
        match batch(worker, &range, &next).await {
            Ok(did) => {
                let blocks = u32::try_from(upto - range.next).unwrap_or(u32::MAX);
                worker.took(did.took, blocks, did.applied);
                let changed = super::Changed {
                    rows: did.applied,
                    hot: 0,
                    took: did.took,
                };
                worker.shared.moved(upto - range.next, 1, changed);
                let left = did.examples.filter(|_| did.skipped + did.gone > 0);
                if let Some(examples) = left.filter(|_| named < NAMED_MAX) {
                    named += 1;
                    let table = worker.shared.backfill.table.shown();
                    let text = format!("left as they are, of {table}: {examples}");
                    (worker.shared.events)(Event::Note { text });
                }
                worker.pay(did.applied).await;
                range = next;
                stumbles = 0;
                stuck.moved();
            }
            Err(error) => match error.class() {
                Class::Contention if stumbles < STUMBLES_MAX => {
                    stumbles += 1;
                    worker.pace.stumbled();
                    let place = format!("blocks {} to {upto} of the list", range.next);
                    stuck.stumbled_at(&worker.shared, &place, &error)?;
                }
                Class::Connection => {
                    worker.reconnect(&error.to_string()).await?;
                    range = worker.stored(&range).await?;
                }
                Class::Contention => {
                    let why = format!(
                        "no progress in {STUMBLES_MAX} tries, each with fewer rows: {}",
                        super::stuck::cause(&error)
                    );
                    let doing = format!(
                        "{}, blocks {} to {upto} of the list",
                        worker.shared.doing(0),
                        range.next
                    );
                    return Err(Error::Stuck { doing, why });
                }
                Class::Fatal => return Err(of_blocks(&range, upto, error)),
            },
        }
    }
    Ok(())
}

/// The failure with the blocks of the list that it is about.
fn of_blocks(range: &BlockRange, upto: i64, error: Error) -> Error {
    match error {
        Error::Sql { doing, cause } => Error::Sql {
            doing: format!("{doing}, blocks {} to {upto} of the list", range.next),
            cause,
        },
        other => other,
    }
}

/// One statement: the rows and the checkpoint.
async fn batch(worker: &mut Worker, range: &BlockRange, next: &BlockRange) -> Result<Did, Error> {
    let shared = Arc::clone(&worker.shared);
    let Operation::Listed(list) = &shared.backfill.operation else {
        return Err(Error::State(
            "a list is walked for what has none".to_owned(),
        ));
    };
    let sql = ListSql::new(&shared.backfill, list, &table(range.job)).batch;
    let statement = worker
        .statements
        .other(&worker.session, shared.doing(0), sql)
        .await?;
    let (from, upto) = (Tid::start_of(range.next), Tid::start_of(next.next));
    let parameters: [&(dyn ToSql + Sync); 5] = [&from, &upto, &next.next, &next.done, &range.job];
    let row = worker
        .session
        .query_one(shared.doing(0), &statement, &parameters)
        .await?;
    let unsigned = |column| u64::try_from(row.get::<_, i64>(column)).unwrap_or(0);
    Ok(Did {
        applied: unsigned(0),
        skipped: unsigned(1),
        gone: unsigned(2),
        examples: row.get(3),
        took: Duration::from_micros(unsigned(4)),
    })
}
