//! Our own tables in schema `concertina`, and nothing else: what has been done, and how far a
//! backfill is.

mod at_once;
mod job;
mod range;
mod rehearsal;
mod revision;
mod step;
mod written;

pub(crate) use at_once::{revision_done, step_done};
pub(crate) use job::{
    ListCounts, begin_list_job, clear_lists, list_counts, list_job, open_list_job,
};
pub(crate) use job::{job, open_job, progress_rows, restart_job, set_paused, set_throttle};
pub(crate) use range::{
    BlockRange, COUNT_FROM_HERE, KeyRange, MARK_RANGE, Mark, block_range, block_ranges, key_range,
};
pub(crate) use rehearsal::{remember, remembered};
pub use revision::Known;
pub(crate) use revision::{
    Begin, all, begin, forget, is_applied, one, set_direction_up, set_error, set_state, stamp,
};
pub(crate) use step::{done_steps, forget_steps, record_step, unrecord_step};
pub(crate) use written::{Written, written, written_here};

use crate::connection::session::Session;
use crate::error::Error;
use concertina_planner::Plan;
use concertina_planner::stored::StoredPlan;

/// What makes our schema, or brings an older one forward: it can be run on any format up to
/// [`FORMAT`], again and again.
pub(crate) const SCHEMA: &str = include_str!("schema.sql");

/// The form of our tables that this version writes. It reads all before it.
pub(crate) const FORMAT: i32 = 5;

/// Whether our schema is there, in a form that we can read.
pub(crate) async fn exists(session: &Session) -> Result<bool, Error> {
    Ok(format(session).await?.is_some())
}

/// Makes our schema or brings it forward; only whoever holds the lock may.
pub(crate) async fn prepare(session: &Session) -> Result<(), Error> {
    if format(session).await? != Some(FORMAT) {
        let doing = "making schema concertina for our records";
        if let Err(error) = session
            .batch_execute(doing, &format!("BEGIN; {SCHEMA} COMMIT;"))
            .await
        {
            session.batch_execute(doing, "ROLLBACK").await.ok();
            return Err(error);
        }
    }
    clear_lists(session).await?;
    let sql = "UPDATE concertina.meta SET version = $1 WHERE version IS DISTINCT FROM $1";
    session
        .execute("recording our version", sql, &[&env!("CARGO_PKG_VERSION")])
        .await
        .map(drop)
}

const LOOKING: &str = "looking for schema concertina";

/// Whether our tables are there.
pub(crate) async fn is_there(session: &Session) -> Result<bool, Error> {
    let sql = "SELECT to_regclass('concertina.revision') IS NOT NULL";
    Ok(session.query_one(LOOKING, sql, &[]).await?.get(0))
}

/// The form of our tables; none where there are none.
///
/// # Errors
///
/// When it is newer than we are.
async fn format(session: &Session) -> Result<Option<i32>, Error> {
    if !is_there(session).await? {
        return Ok(None);
    }
    let doing = LOOKING;
    // Which version wrote it isn't known of the first format.
    let sql = "SELECT format, to_jsonb(meta) ->> 'version' FROM concertina.meta";
    let row = session.query_one(doing, sql, &[]).await?;
    let (format, version): (i32, Option<String>) = (row.get(0), row.get(1));
    if format <= FORMAT {
        return Ok(Some(format));
    }
    let version = version.map_or_else(
        || "a newer version".to_owned(),
        |version| format!("concertina {version}"),
    );
    Err(Error::State(format!(
        "schema concertina has format {format}, written by {version}; concertina {} knows formats up to {FORMAT}: use that version, or a newer one",
        env!("CARGO_PKG_VERSION")
    )))
}

/// A plan as it is stored, and the statements that take it back.
pub(crate) fn stored(plan: &Plan) -> Result<(String, String), Error> {
    let json =
        |value: serde_json::Result<String>| value.map_err(|error| Error::State(error.to_string()));
    Ok((
        json(serde_json::to_string(&StoredPlan::new(plan.clone())))?,
        json(serde_json::to_string(&plan.reverse))?,
    ))
}

/// The revisions that the database has; none where our schema isn't there yet.
pub(crate) async fn known(session: &Session) -> Result<Vec<Known>, Error> {
    if exists(session).await? {
        all(session).await
    } else {
        Ok(vec![])
    }
}
