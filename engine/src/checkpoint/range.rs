//! Ranges of a backfill: how far each part of a table was walked, by blocks or by a key.

use crate::connection::session::Session;
use crate::error::Error;
use tokio_postgres::Row;

/// Blocks of a table, and how far they were walked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockRange {
    pub(crate) job: i64,
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) next: i64,
    pub(crate) pass: i32,
    /// How often they are walked; 0 until that is known.
    pub(crate) passes: i32,
    pub(crate) rows: i64,
    pub(crate) done: bool,
}

impl BlockRange {
    /// Whether both stand at the same place.
    pub(crate) fn is_where(&self, other: &BlockRange) -> bool {
        (self.next, self.pass, self.done) == (other.next, other.pass, other.done)
    }

    /// Moves the checkpoint from here to there.
    pub(crate) fn mark_to(&self, next: &BlockRange) -> Mark {
        Mark {
            job: next.job,
            start: next.start,
            from: (self.next, self.pass),
            to: (next.next, next.pass),
            passes: next.passes,
            done: next.done,
            key: None,
        }
    }
}

/// A table that is walked by a unique key, as a whole.
#[derive(Debug, Clone)]
pub(crate) struct KeyRange {
    /// None for a walk that keeps no checkpoint.
    pub(crate) job: Option<i64>,
    /// The last key behind us.
    pub(crate) last: Option<Vec<String>>,
    pub(crate) rows: i64,
    pub(crate) done: bool,
}

impl KeyRange {
    /// Moves the checkpoint of a job to there. Nothing else tells where it stands.
    pub(crate) fn mark(&self, job: i64) -> Mark {
        Mark {
            job,
            start: 0,
            from: (0, 0),
            to: (0, 0),
            passes: 0,
            done: self.done,
            key: self.last.clone(),
        }
    }
}

/// A checkpoint that moves, in its batch's own transaction.
#[derive(Debug)]
pub(crate) struct Mark {
    pub(crate) job: i64,
    /// The block at which the range begins.
    pub(crate) start: i64,
    /// The next block and the pass, before and after.
    pub(crate) from: (i64, i32),
    pub(crate) to: (i64, i32),
    pub(crate) passes: i32,
    pub(crate) done: bool,
    pub(crate) key: Option<Vec<String>>,
}

/// Remembers the counters of table `$1` at the start of a batch. PostgreSQL's counters "of the
/// transaction" also hold what earlier transactions of the session haven't reported yet, so only a
/// difference tells.
pub(crate) const COUNT_FROM_HERE: &str = "SELECT
     set_config('concertina.rows', (pg_stat_get_xact_tuples_updated($1) + pg_stat_get_xact_tuples_deleted($1)
                                   + pg_stat_get_xact_tuples_inserted($1))::text, true),
     set_config('concertina.hot', pg_stat_get_xact_tuples_hot_updated($1)::text, true)";

/// Moves a range, sent in its batch's own transaction: `$6` are rows that were changed without a
/// checkpoint, `$9` is the table. The server's counters add this batch's rows without another round
/// trip; the answer is how many were HOT, and how many microseconds the server has worked on the
/// batch: the network between us is not the application's burden. The range must stand where the
/// batch was cut, at block `$10` in pass `$11`: what was sent behind a batch that failed fails as
/// well, by a division by zero, as there is no other way to end a transaction from within a
/// statement.
pub(crate) const MARK_RANGE: &str = "UPDATE concertina.range
     SET next_block = CASE WHEN next_block = $10 AND pass = $11 THEN $3 ELSE $3 / (next_block - next_block) END,
         pass = $4, passes = $5, done = $7, key = $8,
         rows = rows + $6 + pg_stat_get_xact_tuples_updated($9) + pg_stat_get_xact_tuples_deleted($9)
                + pg_stat_get_xact_tuples_inserted($9)
                - current_setting('concertina.rows')::bigint
     WHERE job = $1 AND start_block = $2
     RETURNING pg_stat_get_xact_tuples_hot_updated($9) - current_setting('concertina.hot')::bigint,
               (extract(epoch FROM clock_timestamp() - now()) * 1e6)::bigint";

const READING: &str = "reading the backfill's checkpoint";

const RANGES: &str = "SELECT start_block, end_block, next_block, pass, passes, rows, done, key FROM concertina.range";

/// All ranges of a job that is walked by blocks, in physical order.
pub(crate) async fn block_ranges(session: &Session, job: i64) -> Result<Vec<BlockRange>, Error> {
    let sql = format!("{RANGES} WHERE job = $1 ORDER BY start_block");
    let rows = session.query(READING, &sql, &[&job]).await?;
    Ok(rows.iter().map(|row| of_blocks(job, row)).collect())
}

/// The range of a job that begins at a block.
pub(crate) async fn block_range(
    session: &Session,
    job: i64,
    start: i64,
) -> Result<Option<BlockRange>, Error> {
    let sql = format!("{RANGES} WHERE job = $1 AND start_block = $2");
    Ok(session
        .query_opt(READING, &sql, &[&job, &start])
        .await?
        .map(|row| of_blocks(job, &row)))
}

/// The one range of a job that is walked by a key.
pub(crate) async fn key_range(session: &Session, job: i64) -> Result<Option<KeyRange>, Error> {
    let sql = format!("{RANGES} WHERE job = $1");
    let row = session.query_opt(READING, &sql, &[&job]).await?;
    Ok(row.map(|row| KeyRange {
        job: Some(job),
        rows: row.get(5),
        done: row.get(6),
        last: row.get(7),
    }))
}

fn of_blocks(job: i64, row: &Row) -> BlockRange {
    BlockRange {
        job,
        start: row.get(0),
        end: row.get(1),
        next: row.get(2),
        pass: row.get(3),
        passes: row.get(4),
        rows: row.get(5),
        done: row.get(6),
    }
}
