//! How long a plan's online work will take, how much WAL it will write and how much it will leave
//! behind, from a small sample of the tables.
//!
//! The sample changes a few hundred rows into what they are, and rolls back: so it meets this
//! server's processor and disk, and this table's indexes. It goes around locked rows, and leaves a
//! few dead rows. A table with triggers of its owner's isn't sampled so, as a trigger may do what
//! no rollback takes back.

use crate::backfill::{Leaf, leaves};
use crate::connection::session::Session;
use crate::error::Error;
use crate::tid::Tid;
use concertina_planner::action::{Backfill, Listed, Online, Operation, WorkList};
use concertina_planner::{Plan, Work};
use concertina_revisions::TableName;
use serde::Serialize;
use std::time::{Duration, Instant};

/// Places of a table that are looked at.
const PLACES: i64 = 8;
/// Blocks of each that are read, and of those that are changed.
const READ_BLOCKS: i64 = 64;
const CHANGE_BLOCKS: i64 = 8;
/// What HOT windows take of the time of updates that move every row, with so many indexes; and of
/// their WAL. Source: docs/src/benchmarks.md, by a model with a part for the row and a part for
/// each index.
const HOT_ROW: f64 = 5.0;
const MOVED_ROW: f64 = 4.0;
const MOVED_INDEX: f64 = 2.7;
const HOT_WAL: f64 = 0.55;
/// The share of rows that move all the same.
const MOVED_SHARE: f64 = 0.09;
/// What another worker brings, of what one does.
const SECOND_WORKER: f64 = 0.7;
/// Microseconds a row, where nothing could be tried.
const GUESS_MICROS: f64 = 10.0;
const GUESS_WAL: f64 = 700.0;
/// Microseconds that a row of an index build takes besides reading it.
const INDEX_ROW_MICROS: f64 = 1.0;

/// A row's own bytes on a page, besides its values.
const ROW_HEADER_BYTES: f64 = 28.0;
/// Microseconds to write a row of a list.
const LIST_ROW_MICROS: f64 = 1.0;

/// What is expected of one step. Not a promise: twice as much or half of it are no surprise.
#[derive(Debug, Clone, Serialize)]
pub struct Estimate {
    /// The step.
    pub step: String,
    /// The table.
    pub table: String,
    /// Rows that it has to do.
    pub rows: f64,
    /// With all workers and nobody else at work.
    pub seconds_alone: f64,
    /// With one worker, as beside others.
    pub seconds_beside: f64,
    /// In bytes.
    pub wal_bytes: f64,
    /// The table's size after, as a multiple of before.
    pub heap_growth: f64,
    /// The same for its indexes.
    pub index_growth: f64,
    /// Rows that were changed and rolled back to find out; 0 means guessed.
    pub sampled_rows: u64,
    /// What a list of the rows takes until its step is done, in bytes; 0 where there is none.
    pub list_bytes: f64,
    /// How long the snapshot is held under which the list is made, in seconds.
    pub snapshot_seconds: f64,
}

/// What the sample of a table gave.
#[derive(Debug, Default)]
struct Sample {
    /// Of the rows read, those still to do.
    pending: f64,
    read_seconds_per_block: f64,
    changed: u64,
    change_micros: f64,
    wal_bytes: f64,
}

/// Estimates every step that isn't instant. Tables that aren't there yet are left out.
pub(crate) async fn estimate(
    session: &Session,
    plan: &Plan,
    workers: u16,
) -> Result<Vec<Estimate>, Error> {
    let mut estimates = Vec::new();
    for (_, step) in plan.steps() {
        let (table, work) = match &step.work {
            Work::Backfill { backfill } => (&backfill.table, Ok(backfill)),
            Work::Slow { online } => (online.table(), Err(online)),
            Work::Quick { .. } => continue,
        };
        if let Ok(Backfill {
            operation: Operation::Listed(list),
            ..
        }) = work
        {
            estimates.extend(of_list(session, step.id.to_string(), table, list).await?);
            continue;
        }
        for leaf in leaves(session, table)
            .await?
            .iter()
            .filter(|leaf| leaf.heap && leaf.blocks > 0)
        {
            let step = step.id.to_string();
            estimates.push(match work {
                Ok(backfill) => of_backfill(session, step, backfill, leaf, workers).await?,
                Err(online) => of_online(session, step, online, leaf).await?,
            });
        }
    }
    Ok(estimates)
}

async fn of_backfill(
    session: &Session,
    step: String,
    backfill: &Backfill,
    leaf: &Leaf,
    workers: u16,
) -> Result<Estimate, Error> {
    let sample = sample(session, Some(backfill), leaf).await?;
    let indexes = indexes(session, leaf).await?;
    let rows = leaf.rows * sample.pending;
    let workers = backfill.workers.unwrap_or(workers);
    let (micros, wal) = if sample.changed > 0 {
        (sample.change_micros, sample.wal_bytes)
    } else {
        (GUESS_MICROS, GUESS_WAL)
    };
    let update = matches!(backfill.operation, Operation::Assign(_));
    let windows = update && backfill.hot && leaf.in_windows();
    let share = if windows {
        hot_share_of_time(indexes)
    } else {
        1.0
    };
    let seconds_beside =
        rows * micros * share / 1e6 + sample.read_seconds_per_block * leaf.blocks as f64;
    let moved = if update {
        sample.pending * if windows { MOVED_SHARE } else { 1.0 }
    } else {
        0.0
    };
    Ok(Estimate {
        step,
        table: leaf.name.shown(),
        rows,
        seconds_alone: seconds_beside
            / (1.0 + SECOND_WORKER * f64::from(workers.saturating_sub(1))),
        seconds_beside,
        wal_bytes: rows * wal * if windows { HOT_WAL } else { 1.0 },
        heap_growth: 1.0 + moved,
        // Most of the few rows that move find room on the pages of an index.
        index_growth: if windows || indexes == 0.0 {
            1.0
        } else {
            1.0 + moved
        },
        sampled_rows: sample.changed,
        list_bytes: 0.0,
        snapshot_seconds: 0.0,
    })
}

/// By PostgreSQL's own estimate of the SELECT that makes the list, and a sample of the table. A
/// column or table that is still to come can't be asked for.
async fn of_list(
    session: &Session,
    step: String,
    table: &TableName,
    list: &WorkList,
) -> Result<Option<Estimate>, Error> {
    let explain = format!("EXPLAIN (FORMAT JSON) {}", list.query);
    let Ok(row) = session
        .query_one("estimating a list of rows", explain.as_str(), &[])
        .await
    else {
        return Ok(None);
    };
    let plan: serde_json::Value = row.get(0);
    let plan = &plan[0]["Plan"];
    let number = |name: &str| plan[name].as_f64().unwrap_or(0.0);
    let (rows, width, cost) = (
        number("Plan Rows"),
        number("Plan Width"),
        number("Total Cost"),
    );
    let Some(leaf) = leaves(session, table)
        .await?
        .into_iter()
        .filter(|leaf| leaf.heap)
        .max_by_key(|leaf| leaf.blocks)
    else {
        return Ok(None);
    };
    let sampled = if leaf.blocks > 0 {
        sample(session, None, &leaf).await?
    } else {
        Sample::default()
    };
    // A block read in order costs 1 and a hundredth for each of its rows.
    let seconds_per_cost = sampled.read_seconds_per_block / (1.0 + leaf.rows_per_block() / 100.0);
    let indexes = indexes(session, &leaf).await?;
    let snapshot_seconds = cost * seconds_per_cost + rows * LIST_ROW_MICROS / 1e6;
    let seconds = snapshot_seconds + rows * GUESS_MICROS / 1e6;
    let removes = matches!(list.change, Listed::Delete { .. });
    let moved = if leaf.rows > 0.0 && !removes {
        (rows / leaf.rows).min(1.0)
    } else {
        0.0
    };
    Ok(Some(Estimate {
        step,
        table: table.shown(),
        rows,
        seconds_alone: seconds,
        seconds_beside: seconds,
        wal_bytes: rows * (GUESS_WAL + width + ROW_HEADER_BYTES),
        heap_growth: 1.0 + moved,
        index_growth: if indexes == 0.0 { 1.0 } else { 1.0 + moved },
        sampled_rows: 0,
        list_bytes: rows * (width + ROW_HEADER_BYTES),
        snapshot_seconds,
    }))
}

async fn of_online(
    session: &Session,
    step: String,
    online: &Online,
    leaf: &Leaf,
) -> Result<Estimate, Error> {
    let sample = sample(session, None, leaf).await?;
    let scan = sample.read_seconds_per_block * leaf.blocks as f64;
    let (seconds, wal_bytes) = match online {
        // Two scans; the entries are sorted, and written with their WAL.
        Online::CreateIndex { .. } | Online::Reindex { .. } => (
            2.0 * scan + leaf.rows * INDEX_ROW_MICROS / 1e6,
            leaf.rows * 24.0,
        ),
        Online::Validate { .. } => (scan, 0.0),
        // What a view's query takes isn't known here.
        Online::DropIndex { .. }
        | Online::Analyze { .. }
        | Online::Refresh { .. }
        | Online::Fill { .. }
        | Online::Detach { .. } => (0.0, 0.0),
    };
    Ok(Estimate {
        step,
        table: leaf.name.shown(),
        rows: leaf.rows,
        seconds_alone: seconds,
        seconds_beside: seconds,
        wal_bytes,
        heap_growth: 1.0,
        index_growth: 1.0,
        sampled_rows: 0,
        list_bytes: 0.0,
        snapshot_seconds: 0.0,
    })
}

/// What HOT windows take of the time that moving every row takes.
fn hot_share_of_time(indexes: f64) -> f64 {
    let moved = MOVED_ROW + MOVED_INDEX * indexes;
    ((HOT_ROW * (1.0 - MOVED_SHARE) + moved * MOVED_SHARE) / moved).min(1.0)
}

async fn indexes(session: &Session, leaf: &Leaf) -> Result<f64, Error> {
    let sql = "SELECT count(*)::float8 FROM pg_index WHERE indrelid = $1";
    Ok(session
        .query_one("counting indexes", sql, &[&leaf.oid])
        .await?
        .get(0))
}

async fn sample(
    session: &Session,
    backfill: Option<&Backfill>,
    leaf: &Leaf,
) -> Result<Sample, Error> {
    let mut sample = Sample {
        pending: 1.0,
        ..Sample::default()
    };
    let doing = || format!("sampling {}", leaf.name.shown());
    let name = leaf.name.sql();
    let all = format!(
        "SELECT count(*) FROM ONLY {name} AS sampled WHERE sampled.ctid >= $1 AND sampled.ctid < $2"
    );
    let all = session.prepare(&doing(), &all).await?;
    // A column that is still to come can't be asked for: then every row is to do.
    let pending = match backfill {
        Some(backfill) => session
            .prepare(
                &doing(),
                &crate::backfill::pending_sql(backfill, &leaf.name),
            )
            .await
            .ok(),
        None => None,
    };
    let change = match backfill {
        Some(_) => unchanging(session, leaf).await?,
        None => None,
    };
    let (mut read, mut rows, mut left, mut took) = (Duration::ZERO, 0_i64, 0_i64, Duration::ZERO);
    for place in 0..PLACES {
        let start = (leaf.blocks - READ_BLOCKS).max(0) * place / (PLACES - 1);
        let (from, upto) = (Tid::start_of(start), Tid::start_of(start + READ_BLOCKS));
        let began = Instant::now();
        rows += session
            .query_one(&doing(), &all, &[&from, &upto])
            .await?
            .get::<_, i64>(0);
        read += began.elapsed();
        if let Some(pending) = &pending {
            left += session
                .query_one(&doing(), pending, &[&from, &upto])
                .await?
                .get::<_, i64>(0);
        }
        if let Some(change) = &change {
            let upto = Tid::start_of(start + CHANGE_BLOCKS);
            match rolled_back(session, change, from, upto).await {
                Ok((rows, wal, duration)) => {
                    sample.changed += rows;
                    sample.wal_bytes += wal;
                    took += duration;
                }
                // A look, not a deed: without the right or within a lock's wait it is left.
                Err(error) => tracing::debug!("sampling: {error}"),
            }
        }
    }
    let read_blocks = (PLACES * READ_BLOCKS).min(leaf.blocks * PLACES) as f64;
    sample.read_seconds_per_block = read.as_secs_f64() / read_blocks;
    if pending.is_some() && rows > 0 {
        sample.pending = (left as f64 / rows as f64).min(1.0);
    }
    if sample.changed > 0 {
        sample.change_micros = took.as_secs_f64() * 1e6 / sample.changed as f64;
        sample.wal_bytes /= sample.changed as f64;
    }
    Ok(sample)
}

/// A statement that changes the rows between two positions into what they are; none where it could
/// do harm.
async fn unchanging(
    session: &Session,
    leaf: &Leaf,
) -> Result<Option<tokio_postgres::Statement>, Error> {
    let sql = "SELECT (SELECT quote_ident(attname) FROM pg_attribute
                       WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = ''
                       ORDER BY attnum LIMIT 1)
               WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = $1 AND NOT tgisinternal)
                 AND NOT EXISTS (SELECT FROM pg_rewrite WHERE ev_class = $1)";
    let row = session
        .query_opt("looking for triggers", sql, &[&leaf.oid])
        .await?;
    let Some(column) = row.and_then(|row| row.get::<_, Option<String>>(0)) else {
        return Ok(None);
    };
    let name = leaf.name.sql();
    let sql = format!(
        "UPDATE ONLY {name} AS s SET {column} = s.{column} WHERE s.ctid = ANY (ARRAY(SELECT l.ctid FROM ONLY {name} AS l
         WHERE l.ctid >= $1 AND l.ctid < $2 FOR NO KEY UPDATE SKIP LOCKED))"
    );
    Ok(session.prepare("preparing a batch", &sql).await.ok())
}

/// Rows, WAL in bytes and the time of a change that is undone.
async fn rolled_back(
    session: &Session,
    change: &tokio_postgres::Statement,
    from: Tid,
    upto: Tid,
) -> Result<(u64, f64, Duration), Error> {
    let position = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8";
    let doing = "trying a batch";
    session.batch_execute(doing, "BEGIN").await?;
    let changed = async {
        let before: f64 = session.query_one(doing, position, &[]).await?.get(0);
        let began = Instant::now();
        let rows = session.execute(doing, change, &[&from, &upto]).await?;
        let took = began.elapsed();
        let after: f64 = session.query_one(doing, position, &[]).await?.get(0);
        Ok((rows, after - before, took))
    };
    let changed = changed.await;
    session.batch_execute(doing, "ROLLBACK").await?;
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hot_windows_save_more_the_more_indexes_there_are() {
        let shares: Vec<f64> = [0.0, 1.0, 3.0, 7.0]
            .into_iter()
            .map(hot_share_of_time)
            .collect();
        assert!(
            shares.is_sorted_by(|more, less| more > less || (*more - 1.0).abs() < 1e-9),
            "{shares:?}"
        );
        assert!(
            shares[2] > 0.4 && shares[2] < 0.55,
            "as measured with three indexes: {}",
            shares[2]
        );
    }
}
