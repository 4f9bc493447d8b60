//! Walking by a unique key, where blocks can't be walked: other access methods, foreign tables, or
//! by the author's wish. One range, one worker at a time; the checkpoint is the last key behind us.

use super::batch_sql::{key_compares, keyed, next_key};
use super::stuck::Stuck;
use super::worker::{SWEEPS_MAX, Worker};
use crate::checkpoint::{self, KeyRange};
use crate::error::{Class, Error};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use tokio_postgres::types::ToSql;

/// So often a batch is tried again that takes longer than a batch may, each time with fewer rows.
const TRIES_MAX: u32 = 40;

/// Rows of a batch for each block that the pace allows.
const ROWS_PER_BLOCK: u32 = 32;

/// Walks the range to its end; how many rows that changed.
pub(crate) async fn walk(
    worker: &mut Worker,
    leaf: usize,
    mut range: KeyRange,
) -> Result<u64, Error> {
    let (mut changed, mut slow, mut stuck) = (0, 0, Stuck::default());
    while !range.done {
        worker.gate().await?;
        let began = Instant::now();
        match batch(worker, leaf, &range).await {
            Ok((next, rows)) => {
                let blocks = worker.pace.blocks();
                worker.took(
                    began.elapsed().saturating_sub(worker.fixed.way() * 2),
                    blocks,
                    rows,
                );
                worker.shared.rows.fetch_add(rows, Ordering::Relaxed);
                worker.pay(rows).await;
                range = next;
                changed += rows;
                slow = 0;
                stuck.moved();
            }
            Err(error) => match error.class() {
                // A batch that takes too long is cut smaller, until it is as small as it can be.
                Class::Contention if slow < TRIES_MAX => {
                    slow += u32::from(error.is_of_time());
                    worker.pace.stumbled();
                    stuck.stumbled_at(
                        &worker.shared,
                        "the rows behind the last key of its checkpoint",
                        &error,
                    )?;
                }
                Class::Connection => {
                    worker.reconnect(&error.to_string()).await?;
                    range = stored(worker, range).await?;
                }
                _ => return Err(error),
            },
        }
    }
    Ok(changed)
}

/// Where the range stands by its checkpoint, which knows what was committed.
async fn stored(worker: &mut Worker, range: KeyRange) -> Result<KeyRange, Error> {
    let Some(job) = range.job else {
        return Ok(range);
    };
    loop {
        match checkpoint::key_range(&worker.session, job).await {
            Ok(stored) => return Ok(stored.unwrap_or(range)),
            Err(error) if error.class() == Class::Connection => {
                worker.reconnect(&error.to_string()).await?;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Walks the whole table again, until a walk finds nothing to change. A count would take as long,
/// in one statement.
pub(crate) async fn sweep(worker: &mut Worker, leaf: usize) -> Result<(), Error> {
    let mut found = 0;
    for _ in 0..SWEEPS_MAX {
        let again = KeyRange {
            job: None,
            last: None,
            rows: 0,
            done: false,
        };
        found = walk(worker, leaf, again).await?;
        if found == 0 {
            break;
        }
    }
    worker
        .shared
        .left
        .fetch_add(i64::try_from(found).unwrap_or(i64::MAX), Ordering::Relaxed);
    Ok(())
}

/// The rows up to the next key, and where the range stands then.
async fn batch(
    worker: &mut Worker,
    leaf: usize,
    range: &KeyRange,
) -> Result<(KeyRange, u64), Error> {
    let shared = Arc::clone(&worker.shared);
    let doing = shared.doing(leaf);
    let (table, backfill) = (&shared.leaves[leaf], &shared.backfill);
    let key = table.key.as_deref().unwrap_or_default();
    let name = &table.leaf.name;
    let after = range
        .last
        .as_ref()
        .map(|_| key_compares(&backfill.alias, key, ">", 1));
    let last: Vec<&(dyn ToSql + Sync)> = range
        .last
        .iter()
        .flatten()
        .map(|value| value as _)
        .collect();
    let limit = worker.pace.blocks() * ROWS_PER_BLOCK;
    let sql = next_key(name, &backfill.alias, key, after.as_deref(), limit);
    let reach = worker.statements.other(&worker.session, doing, sql).await?;
    let reach = worker.session.exactly(doing, &reach, &last).await?;
    let next_key: Option<Vec<String>> =
        reach.map(|row| (0..row.len()).map(|column| row.get(column)).collect());
    let mut bounds: Vec<String> = after.into_iter().collect();
    if next_key.is_some() {
        bounds.push(key_compares(&backfill.alias, key, "<=", 1 + last.len()));
    }
    // Past the last key the batch is empty, and only the checkpoint moves.
    let range_sql = if next_key.is_some() {
        bounds.join(" AND ")
    } else {
        "false".to_owned()
    };
    let bounds = next_key
        .iter()
        .flat_map(|upto| range.last.iter().flatten().chain(upto));
    let bound: Vec<Box<dyn ToSql + Sync + Send>> =
        bounds.map(|value| Box::new(value.clone()) as _).collect();
    let statement = worker
        .statements
        .other(&worker.session, doing, keyed(backfill, name, &range_sql))
        .await?;
    let done = next_key.is_none();
    let next = KeyRange {
        done,
        last: next_key.or_else(|| range.last.clone()),
        ..range.clone()
    };
    let Some(job) = range.job else {
        let parameters: Vec<&(dyn ToSql + Sync)> = bound
            .iter()
            .map(|one| &**one as &(dyn ToSql + Sync))
            .collect();
        let rows = worker
            .session
            .execute(doing, &statement, &parameters)
            .await?;
        return Ok((next, rows));
    };
    let sent = worker
        .with_checkpoint(leaf, (statement, bound), next.mark(job), 0)
        .await?;
    let changed = worker.landed(leaf, sent).await?;
    let rows = range.rows + i64::try_from(changed.rows).unwrap_or(i64::MAX);
    Ok((KeyRange { rows, ..next }, changed.rows))
}
