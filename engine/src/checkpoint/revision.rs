//! Which revisions the database has, and in what state.

use crate::connection::session::Session;
use crate::error::Error;
use crate::state::{Direction, State};
use concertina_planner::Plan;
use concertina_planner::stored::StoredPlan;
use concertina_revisions::{Checksum, RevisionId};
use tokio_postgres::Row;

/// A revision as the database knows it.
#[derive(Debug, Clone)]
pub struct Known {
    /// Its id.
    pub id: RevisionId,
    /// Its parents' ids.
    pub parents: Vec<RevisionId>,
    /// What its file held when it was begun.
    pub checksum: Checksum,
    /// Which way it goes, or went.
    pub direction: Direction,
    /// Where it stands.
    pub state: State,
    /// The plan it was begun with, while it isn't applied.
    pub plan: Option<Plan>,
    /// The statements that take it back, or why there are none.
    pub reverse: Result<Vec<String>, String>,
    /// Why the last run stopped, when it failed.
    pub error: Option<String>,
}

/// What is recorded when a revision is begun.
#[derive(Clone, Copy)]
pub(crate) struct Begin<'a> {
    pub(crate) id: &'a RevisionId,
    pub(crate) parents: &'a [RevisionId],
    pub(crate) checksum: &'a Checksum,
    pub(crate) direction: Direction,
    pub(crate) plan: &'a Plan,
}

/// All revisions that the database has, in the order in which they came.
pub(crate) async fn all(session: &Session) -> Result<Vec<Known>, Error> {
    // The plans of those that are applied are of no use, and there may be hundreds.
    let sql = "SELECT id, parents, checksum, direction, state,
                      CASE WHEN state <> 'applied' OR direction = 'down' THEN plan END, reverse, error
               FROM concertina.revision ORDER BY number";
    let rows = session.query("reading the revisions", sql, &[]).await?;
    rows.iter().map(known).collect()
}

/// One revision, with its plan.
pub(crate) async fn one(session: &Session, id: &RevisionId) -> Result<Option<Known>, Error> {
    let sql = "SELECT id, parents, checksum, direction, state, plan, reverse, error FROM concertina.revision WHERE id = $1";
    let row = session
        .query_opt("reading a revision", sql, &[&id.as_str()])
        .await?;
    row.as_ref().map(known).transpose()
}

fn known(row: &Row) -> Result<Known, Error> {
    let id = RevisionId::new(row.get::<_, String>(0));
    let unreadable = |why: String| Error::State(format!("revision {id}: {why}"));
    let unknown = |what: &str, text: &str| {
        unreadable(format!(
            "its {what} `{text}` is none that this version knows"
        ))
    };
    let (direction, state): (&str, &str) = (row.get(3), row.get(4));
    let plan: Option<&str> = row.get(5);
    Ok(Known {
        parents: row
            .get::<_, Vec<String>>(1)
            .into_iter()
            .map(RevisionId::new)
            .collect(),
        checksum: Checksum(row.get(2)),
        direction: Direction::parse(direction).ok_or_else(|| unknown("direction", direction))?,
        state: State::parse(state).ok_or_else(|| unknown("state", state))?,
        plan: plan.map(StoredPlan::read).transpose().map_err(unreadable)?,
        reverse: serde_json::from_str(row.get(6)).map_err(|error| unreadable(error.to_string()))?,
        error: row.get(7),
        id,
    })
}

/// Records that a revision begins, with the plan that will be run. Twice the same is once.
///
/// # Errors
///
/// Also when the revision isn't where it was when it was planned: another engine was at work while our connection was lost.
pub(crate) async fn begin(session: &Session, begin: &Begin<'_>) -> Result<(), Error> {
    let Begin {
        id,
        parents,
        checksum,
        direction,
        plan,
    } = *begin;
    let (plan, reverse) = super::stored(plan)?;
    let doing = format!("recording that {id} begins, {}", direction.as_str());
    let recorded = match direction {
        Direction::Up => {
            let parents: Vec<&str> = parents.iter().map(RevisionId::as_str).collect();
            let sql = "INSERT INTO concertina.revision (number, id, parents, checksum, direction, state, plan, reverse)
                       SELECT coalesce(max(number), 0) + 1, $1, $2, $3, 'up', 'running', $4, $5 FROM concertina.revision
                       ON CONFLICT (id) DO UPDATE SET changed_at = now()
                       WHERE revision.direction = 'up' AND revision.state = 'running' AND revision.plan = excluded.plan";
            session
                .execute(
                    &doing,
                    sql,
                    &[&id.as_str(), &parents, &checksum.0, &plan, &reverse],
                )
                .await?
        }
        Direction::Down => {
            // The reverse of the way up is kept: the revision may come back by rollback.
            let sql = "UPDATE concertina.revision
                       SET direction = 'down', state = 'running', plan = $2, changed_at = now(), error = NULL
                       WHERE id = $1 AND (direction = 'up' AND state = 'applied'
                                          OR direction = 'down' AND state = 'running' AND plan = $2)";
            session.execute(&doing, sql, &[&id.as_str(), &plan]).await?
        }
    };
    if recorded == 1 {
        return Ok(());
    }
    Err(Error::State(format!(
        "{doing}: it isn't where it was; another concertina was running meanwhile, run the same command again"
    )))
}

/// Whether a revision is recorded as run to its end.
pub(crate) async fn is_applied(session: &Session, id: &RevisionId) -> Result<bool, Error> {
    let sql = "SELECT EXISTS (SELECT FROM concertina.revision WHERE id = $1 AND direction = 'up' AND state = 'applied')";
    Ok(session
        .query_one(
            &format!("looking whether {id} is applied"),
            sql,
            &[&id.as_str()],
        )
        .await?
        .get(0))
}

/// Moves a revision to a state.
pub(crate) async fn set_state(
    session: &Session,
    id: &RevisionId,
    state: State,
) -> Result<(), Error> {
    let sql =
        "UPDATE concertina.revision SET state = $2, changed_at = now(), error = NULL WHERE id = $1";
    session
        .execute(
            &format!("recording that {id} is {state}"),
            sql,
            &[&id.as_str(), &state.as_str()],
        )
        .await?;
    Ok(())
}

/// Records that a revision that was on its way down stays.
pub(crate) async fn set_direction_up(session: &Session, id: &RevisionId) -> Result<(), Error> {
    let sql = "UPDATE concertina.revision SET state = 'applied', direction = 'up', changed_at = now() WHERE id = $1";
    session
        .execute(&format!("recording that {id} stays"), sql, &[&id.as_str()])
        .await?;
    Ok(())
}

/// Records why a run stopped.
pub(crate) async fn set_error(
    session: &Session,
    id: &RevisionId,
    error: &str,
) -> Result<(), Error> {
    let sql = "UPDATE concertina.revision SET error = $2, changed_at = now() WHERE id = $1";
    session
        .execute(
            &format!("recording why {id} stopped"),
            sql,
            &[&id.as_str(), &error],
        )
        .await?;
    Ok(())
}

/// Takes a revision out of the records.
pub(crate) async fn forget(session: &Session, id: &RevisionId) -> Result<(), Error> {
    let sql = "DELETE FROM concertina.revision WHERE id = $1";
    session
        .execute(&format!("forgetting revision {id}"), sql, &[&id.as_str()])
        .await?;
    Ok(())
}

/// Records a revision as applied without running it.
pub(crate) async fn stamp(
    session: &Session,
    id: &RevisionId,
    parents: &[RevisionId],
    checksum: &Checksum,
) -> Result<(), Error> {
    let parents: Vec<&str> = parents.iter().map(RevisionId::as_str).collect();
    let reverse = r#"{"Err":"it was stamped, not run"}"#;
    let sql = "INSERT INTO concertina.revision (number, id, parents, checksum, state, reverse)
               SELECT coalesce(max(number), 0) + 1, $1, $2, $3, 'applied', $4 FROM concertina.revision
               ON CONFLICT (id) DO UPDATE SET parents = $2, checksum = $3, changed_at = now()";
    session
        .execute(
            &format!("stamping revision {id}"),
            sql,
            &[&id.as_str(), &parents, &checksum.0, &reverse],
        )
        .await?;
    Ok(())
}
