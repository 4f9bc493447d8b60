//! Backfills that were begun: one job a table.

use crate::connection::session::Session;
use crate::error::Error;
use crate::place::JobKey;
use crate::state::BackfillStatus;
use concertina_planner::action::sql::drop_own_table;
use concertina_revisions::{RevisionId, TableName};
use tokio_postgres::types::ToSql;

/// A job as stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JobRow {
    pub(crate) id: i64,
    pub(crate) filenode: u32,
    /// Blocks when it began: the scan ends there, however much the table grows.
    pub(crate) blocks: i64,
}

/// The job of a table, when an earlier run has begun it.
pub(crate) async fn job(
    session: &Session,
    key: &JobKey,
    relation: u32,
) -> Result<Option<JobRow>, Error> {
    let sql = "SELECT id, filenode, blocks FROM concertina.job
               WHERE revision = $1 AND direction = $2 AND step = $3 AND relation = $4";
    let row = session
        .query_opt(
            "reading the backfill's checkpoint",
            sql,
            &[
                &key.revision.as_str(),
                &key.direction.as_str(),
                &key.step,
                &relation,
            ],
        )
        .await?;
    Ok(row.map(|row| JobRow {
        id: row.get(0),
        filenode: row.get(1),
        blocks: row.get(2),
    }))
}

/// Begins a job: its row and its ranges of so many blocks, in one statement. Without `window` there
/// is one range, walked by a key.
pub(crate) async fn open_job(
    session: &Session,
    key: &JobKey,
    relation: u32,
    filenode: u32,
    blocks: i64,
    window: Option<u32>,
) -> Result<JobRow, Error> {
    let ranges = match window {
        None => "SELECT 0::bigint AS lo, 0::bigint AS hi".to_owned(),
        Some(blocks) => {
            format!(
                "SELECT lo, least(lo + {blocks}, $6) AS hi FROM generate_series(0, $6 - 1, {blocks}) AS lo"
            )
        }
    };
    let sql = format!(
        "WITH opened AS (
             INSERT INTO concertina.job (id, revision, direction, step, relation, filenode, blocks)
             SELECT coalesce(max(id), 0) + 1, $1, $2, $3, $4, $5, $6 FROM concertina.job RETURNING id),
         ranges AS (
             INSERT INTO concertina.range (job, start_block, end_block, next_block)
             SELECT opened.id, lo, hi, lo FROM opened, ({ranges}) AS r)
         SELECT id FROM opened"
    );
    let row = session
        .query_one(
            "beginning the backfill",
            &sql,
            &[
                &key.revision.as_str(),
                &key.direction.as_str(),
                &key.step,
                &relation,
                &filenode,
                &blocks,
            ],
        )
        .await?;
    Ok(JobRow {
        id: row.get(0),
        filenode,
        blocks,
    })
}

/// Forgets a job whose block numbers mean nothing any more.
pub(crate) async fn restart_job(session: &Session, job: i64) -> Result<(), Error> {
    let sql = "DELETE FROM concertina.job WHERE id = $1";
    session
        .execute("restarting the backfill", sql, &[&job])
        .await?;
    Ok(())
}

/// Rows that all backfills of a revision have changed, for `status`.
pub(crate) async fn progress_rows(
    session: &Session,
    revision: &RevisionId,
) -> Result<Vec<BackfillStatus>, Error> {
    let sql = "SELECT j.step, sum(r.rows)::bigint,
                      sum(CASE WHEN r.done THEN greatest(r.end_block - r.start_block, 1)
                               WHEN r.passes > 0 THEN (r.end_block - r.start_block) * r.pass / r.passes::float8
                               ELSE r.next_block - r.start_block END)::float8
                      / greatest(sum(greatest(r.end_block - r.start_block, 1)), 1)::float8,
                      min(j.throttle)
               FROM concertina.job j JOIN concertina.range r ON r.job = j.id
               WHERE j.revision = $1 GROUP BY j.step ORDER BY min(j.id)";
    let rows = session
        .query("reading the backfills", sql, &[&revision.as_str()])
        .await?;
    Ok(rows
        .iter()
        .map(|row| BackfillStatus {
            step: row.get(0),
            rows: row.get(1),
            share: row.get(2),
            throttle: row.get(3),
        })
        .collect())
}

/// Keeps the reason why a step's backfill doesn't go at full speed.
pub(crate) async fn set_throttle(
    session: &Session,
    key: &JobKey,
    why: Option<&str>,
) -> Result<(), Error> {
    let sql = "UPDATE concertina.job SET throttle = $4 WHERE revision = $1 AND direction = $2 AND step = $3";
    session
        .execute(
            "keeping the throttle's reason",
            sql,
            &[
                &key.revision.as_str(),
                &key.direction.as_str(),
                &key.step,
                &why,
            ],
        )
        .await?;
    Ok(())
}

/// Pauses all backfills with a reason, or lets them go on.
pub(crate) async fn set_paused(session: &Session, reason: Option<&str>) -> Result<(), Error> {
    if !super::exists(session).await? {
        return Err(Error::State(
            "no revision was ever run on this database".to_owned(),
        ));
    }
    let sql = "INSERT INTO concertina.control (paused, reason) VALUES ($1, $2)
               ON CONFLICT (only_one) DO UPDATE SET paused = $1, reason = $2, since = now()";
    session
        .execute(
            "keeping the operator's word",
            sql,
            &[&reason.is_some(), &reason],
        )
        .await?;
    Ok(())
}

/// What came of a list's rows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ListCounts {
    pub(crate) applied: u64,
    pub(crate) skipped: u64,
    pub(crate) gone: u64,
}

/// The job of a list, when an earlier run has made it.
pub(crate) async fn list_job(session: &Session, key: &JobKey) -> Result<Option<i64>, Error> {
    let sql = "SELECT id FROM concertina.job WHERE revision = $1 AND direction = $2 AND step = $3";
    let parameters: [&(dyn ToSql + Sync); 3] =
        [&key.revision.as_str(), &key.direction.as_str(), &key.step];
    let row = session
        .query_opt("reading the list's checkpoint", sql, &parameters)
        .await?;
    Ok(row.map(|row| row.get(0)))
}

/// Begins the job of a list that is about to be made, in the list's own transaction.
pub(crate) async fn open_list_job(session: &Session, key: &JobKey) -> Result<i64, Error> {
    let sql = "INSERT INTO concertina.job (id, revision, direction, step, relation, filenode, blocks)
               SELECT coalesce(max(id), 0) + 1, $1, $2, $3, 0, 0, 0 FROM concertina.job RETURNING id";
    let parameters: [&(dyn ToSql + Sync); 3] =
        [&key.revision.as_str(), &key.direction.as_str(), &key.step];
    Ok(session
        .query_one("beginning a list of rows", sql, &parameters)
        .await?
        .get(0))
}

/// Records how large a list is, in its own transaction.
pub(crate) async fn begin_list_job(
    session: &Session,
    job: i64,
    list: &TableName,
) -> Result<(), Error> {
    let sql = "WITH made AS (
                   UPDATE concertina.job SET relation = c.oid, filenode = pg_relation_filenode(c.oid),
                          blocks = pg_relation_size(c.oid) / current_setting('block_size')::bigint
                   FROM pg_class c WHERE id = $1 AND c.oid = to_regclass($2) RETURNING blocks)
               INSERT INTO concertina.range (job, start_block, end_block, next_block, passes, done)
               SELECT $1, 0, blocks, 0, 1, blocks = 0 FROM made";
    session
        .execute("recording a list of rows", sql, &[&job, &list.sql()])
        .await?;
    Ok(())
}

/// What came of a list's rows so far.
pub(crate) async fn list_counts(session: &Session, job: i64) -> Result<ListCounts, Error> {
    let sql = "SELECT coalesce(sum(rows), 0)::bigint, coalesce(sum(skipped), 0)::bigint, coalesce(sum(gone), 0)::bigint
               FROM concertina.range WHERE job = $1";
    let row = session
        .query_one("reading the list's checkpoint", sql, &[&job])
        .await?;
    let unsigned = |column| u64::try_from(row.get::<_, i64>(column)).unwrap_or(0);
    Ok(ListCounts {
        applied: unsigned(0),
        skipped: unsigned(1),
        gone: unsigned(2),
    })
}

/// Drops lists that no job is left of: their revision was taken back.
pub(crate) async fn clear_lists(session: &Session) -> Result<(), Error> {
    let sql = "SELECT c.relname::text FROM pg_class c
               WHERE c.relnamespace = to_regnamespace('concertina') AND c.relkind = 'r' AND c.relname ~ '^list_[0-9]+$'
                 AND NOT EXISTS (SELECT FROM concertina.job j WHERE 'list_' || j.id = c.relname)";
    for row in session.query("looking for lists of rows", sql, &[]).await? {
        let name: String = row.get(0);
        let list = TableName::new("concertina", name.as_str());
        session
            .batch_execute("dropping a list of rows", &drop_own_table(&list))
            .await?;
    }
    Ok(())
}
