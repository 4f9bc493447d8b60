//! Which steps of a revision are done. A quick step's record commits with its work.

use crate::connection::session::Session;
use crate::error::Error;
use crate::state::Direction;
use concertina_revisions::RevisionId;
use std::collections::BTreeSet;

/// The ids of the steps that are done.
pub(crate) async fn done_steps(
    session: &Session,
    revision: &RevisionId,
    direction: Direction,
) -> Result<BTreeSet<String>, Error> {
    let sql = "SELECT step FROM concertina.step WHERE revision = $1 AND direction = $2";
    let rows = session
        .query(
            "reading the steps that are done",
            sql,
            &[&revision.as_str(), &direction.as_str()],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Records a step as done.
pub(crate) async fn record_step(
    session: &Session,
    revision: &RevisionId,
    direction: Direction,
    step: &str,
    rows: Option<i64>,
    seconds: f64,
) -> Result<(), Error> {
    let sql = "INSERT INTO concertina.step (revision, direction, step, rows, seconds) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (revision, direction, step) DO UPDATE SET rows = $4, seconds = $5, done_at = now()";
    let doing = format!("recording that {revision} {step} is done");
    session
        .execute(
            &doing,
            sql,
            &[
                &revision.as_str(),
                &direction.as_str(),
                &step,
                &rows,
                &seconds,
            ],
        )
        .await?;
    Ok(())
}

/// Records a step as not done: it was taken back.
pub(crate) async fn unrecord_step(
    session: &Session,
    revision: &RevisionId,
    direction: Direction,
    step: &str,
) -> Result<(), Error> {
    let sql = "DELETE FROM concertina.step WHERE revision = $1 AND direction = $2 AND step = $3";
    let doing = format!("recording that {revision} {step} is undone");
    session
        .execute(
            &doing,
            sql,
            &[&revision.as_str(), &direction.as_str(), &step],
        )
        .await?;
    let sql = "DELETE FROM concertina.job WHERE revision = $1 AND direction = $2 AND step = $3";
    session
        .execute(
            &doing,
            sql,
            &[&revision.as_str(), &direction.as_str(), &step],
        )
        .await?;
    Ok(())
}

/// Forgets all steps and jobs of a direction.
pub(crate) async fn forget_steps(
    session: &Session,
    revision: &RevisionId,
    direction: Direction,
) -> Result<(), Error> {
    for table in ["step", "job"] {
        let sql = format!("DELETE FROM concertina.{table} WHERE revision = $1 AND direction = $2");
        session
            .execute(
                "forgetting steps",
                &sql,
                &[&revision.as_str(), &direction.as_str()],
            )
            .await?;
    }
    Ok(())
}
