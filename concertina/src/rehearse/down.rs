//! The way down is rehearsed as the way up is: its statements, the author's or those that were
//! derived, by psql and by the plan.

use super::told::{Remedy, Told, judged};
use super::{is_about_what_is_there, tried};
use crate::failure::Failure;
use crate::planted::planted;
use crate::recorded;
use concertina_engine::{Act, Direction, Engine, Known, Lease, Objection, Rehearse, Rehearsed};
use concertina_planner::{Plan, Policy, catalog_after, plan_reverse, reverse_of, runs_no_code};
use concertina_revisions::Revision;

/// Rehearses the way down through revisions, the newest first.
///
/// # Errors
///
/// When it has to be rehearsed and can't be, or the user stops it.
pub(crate) async fn rehearse_down(
    engine: &Engine,
    lease: &mut Lease,
    known: &[Known],
    path: &[&Revision],
    policy: &Policy,
) -> Result<Told, Failure> {
    let when = engine.settings().rehearse;
    if when == Rehearse::Never || path.is_empty() {
        return Ok(Told::default());
    }
    if let Some(flying) = recorded::in_flight(known).next() {
        let (id, state) = (&flying.id, flying.state);
        return Ok(Told::unproven(format!(
            "not rehearsed: {id} is {state}, so the database is between two states"
        )));
    }
    let start = lease.catalog_for(path).await?;
    if start.has_versions() {
        return Ok(Told::unproven(
            "not rehearsed: versions of the application's schema aren't copied".to_owned(),
        ));
    }
    let (mut ways, mut note, mut catalog): (Vec<(Revision, Plan)>, Option<String>, _) =
        (vec![], None, start.clone());
    for revision in path {
        let Some(own) = known.iter().find(|known| known.id == revision.id) else {
            continue;
        };
        // What can't be planned is told when its turn comes.
        let Ok(plan) = plan_reverse(revision, &own.reverse, &catalog, policy).map(planted) else {
            break;
        };
        let Ok(down) = reverse_of(revision, &own.reverse) else {
            break;
        };
        if !runs_no_code(&down, &catalog) {
            let why = "nobody can see into one of its statements beforehand";
            note = Some(format!("not rehearsed from {} down: {why}", revision.id));
            break;
        }
        catalog = catalog_after(&down, &catalog);
        ways.push((down, plan));
    }
    let direction = Direction::Down;
    let acts: Vec<Act<'_>> = ways
        .iter()
        .map(|(revision, plan)| Act {
            revision,
            plan,
            direction,
        })
        .collect();
    let mut told = Told::default();
    if acts.iter().any(|act| is_about_what_is_there(act, &start)) {
        let tried = tried(engine, Some(lease), &acts, &start)
            .await
            .map(|ended| ended.map(|ended| lenient(ended, path)));
        let all: Vec<&Revision> = ways.iter().map(|(revision, _)| revision).collect();
        told = judged(tried, when, &all, Remedy::Applied)?;
    }
    told.unproven.extend(note);
    Ok(told)
}

/// Statements that were derived are nobody's text: what PostgreSQL refuses of them is told, and the
/// plan has to do without.
fn lenient(mut ended: Rehearsed, path: &[&Revision]) -> Rehearsed {
    let is_written = |id: &concertina_revisions::RevisionId| {
        path.iter().any(|one| one.id == *id && one.down.is_some())
    };
    match ended.refused.take() {
        Some(Objection::Statement {
            revision, message, ..
        }) if !is_written(&revision) => {
            ended.unproven.push(format!(
                "not rehearsed: {revision}: PostgreSQL says {message}"
            ));
        }
        other => ended.refused = other,
    }
    ended
}
