//! Our own tables in schema `concertina`, and nothing else: what has been done, and how far a backfill is.

mod job;
mod revision;
mod step;

pub(crate) use job::{COUNT_FROM_HERE, JobKey, MARK_RANGE, RangeRow};
pub(crate) use job::{job, load_ranges, open_job, progress_rows, restart_job, set_paused, set_throttle};
pub(crate) use revision::{Begin, all, begin, forget, set_direction_up, set_error, set_state, stamp};
pub use revision::{Direction, Known, State};
pub(crate) use step::{done_steps, forget_steps, record_step, unrecord_step};

use crate::error::Error;
use concertina_planner::Plan;
use concertina_planner::stored::StoredPlan;
use tokio_postgres::Client;

/// What makes our schema, where it isn't there.
pub(crate) const SCHEMA: &str = include_str!("schema.sql");

/// The form of our tables that this version reads and writes.
const FORMAT: i32 = 1;

/// Whether our schema is there.
pub(crate) async fn exists(client: &Client) -> Result<bool, Error> {
    let sql = "SELECT to_regclass('concertina.revision') IS NOT NULL";
    Ok(client.query_one(sql, &[]).await.map_err(Error::sql("looking for schema concertina"))?.get(0))
}

/// Makes our schema when it isn't there, and refuses one of another version.
pub(crate) async fn prepare(client: &Client) -> Result<(), Error> {
    if !exists(client).await? {
        let sql = format!("BEGIN; {SCHEMA} COMMIT;");
        if let Err(cause) = client.batch_execute(&sql).await {
            client.batch_execute("ROLLBACK").await.ok();
            return Err(Error::Sql { doing: "making schema concertina for our records".to_owned(), cause });
        }
    }
    let format: i32 = client
        .query_one("SELECT format FROM concertina.meta", &[])
        .await
        .map_err(Error::sql("reading schema concertina"))?
        .get(0);
    if format == FORMAT {
        return Ok(());
    }
    Err(Error::State(format!(
        "schema concertina has format {format}, this version knows {FORMAT}: use the version that wrote it, or a newer one"
    )))
}

/// A plan as it is stored, and the statements that take it back.
pub(crate) fn stored(plan: &Plan) -> Result<(String, String), Error> {
    let json = |value: serde_json::Result<String>| value.map_err(|error| Error::State(error.to_string()));
    Ok((json(serde_json::to_string(&StoredPlan::new(plan.clone())))?, json(serde_json::to_string(&plan.reverse))?))
}
