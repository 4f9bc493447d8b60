//! What waits for its contract is rehearsed where it stands: others may have changed the schema
//! since it began.

use super::told::{Remedy, Told, judged};
use crate::failure::Failure;
use crate::planted::planted;
use crate::recorded;
use concertina_engine::{Act, Direction, Engine, Known, Rehearse, State};
use concertina_planner::{Catalog, Plan, plan_behind, reverse_of, runs_no_code};
use concertina_revisions::{History, Revision, RevisionId};

/// Rehearses the contracts of all that waits, and a revision that is to begin behind them.
///
/// # Errors
///
/// When it has to be rehearsed and can't be, or the user stops it.
pub(crate) async fn rehearse_waiting(
    engine: &Engine,
    history: Option<&History>,
    known: &[Known],
    behind: Option<(&Revision, &Plan)>,
) -> Result<Told, Failure> {
    let when = engine.settings().rehearse;
    let flying: Vec<&Known> = recorded::in_flight(known).collect();
    let is_idle = |known: &&Known| {
        known
            .plan
            .as_ref()
            .is_none_or(|plan| plan.contract.is_empty())
    };
    if when == Rehearse::Never || behind.is_none() && flying.iter().all(is_idle) {
        return Ok(Told::default());
    }
    let revisions = match begun(history, &flying) {
        Ok(revisions) => revisions,
        Err(why) if when == Rehearse::Always => {
            return Err(Failure::usage(
                why,
                "`rehearse` is `always`; say `rehearse = \"auto\"` to go on without",
            ));
        }
        Err(why) => return Ok(Told::unproven(why)),
    };
    let direction = Direction::Up;
    let act = behind.map(|(revision, plan)| Act {
        revision,
        plan,
        direction,
    });
    let all: Vec<&Revision> = revisions
        .iter()
        .chain(behind.map(|(revision, _)| revision))
        .collect();
    let catalog = engine.catalog_for(&all).await?;
    if let Some(opaque) = all
        .iter()
        .find(|revision| !runs_no_code(revision, &catalog))
    {
        let why = "nobody can see into one of its statements beforehand";
        return Ok(Told::unproven(format!(
            "not rehearsed: {}: {why}",
            opaque.id
        )));
    }
    if catalog.has_versions() {
        return Ok(Told::unproven(
            "not rehearsed: versions of the application's schema aren't copied".to_owned(),
        ));
    }
    let waiting: Vec<&Revision> = revisions.iter().collect();
    let ids: Vec<RevisionId> = flying.iter().map(|known| known.id.clone()).collect();
    let tried = Box::pin(engine.rehearse_waiting(&waiting, &ids, act.as_ref(), &catalog)).await;
    let remedy = if behind.is_some() {
        Remedy::Fresh
    } else {
        Remedy::Waiting
    };
    judged(tried, when, &all, remedy)
}

/// The next of what is pending, behind what waits; those that follow are planned when their turn
/// comes, and rehearsed then.
pub(super) async fn behind(
    engine: &Engine,
    history: &History,
    known: &[Known],
    path: &[&Revision],
    catalog: &Catalog,
) -> Result<Told, Failure> {
    let waiting: Vec<Plan> = recorded::in_flight(known)
        .filter_map(|known| known.plan.clone())
        .collect();
    let Some(first) = path.first() else {
        return Ok(Told::default());
    };
    // What has to wait is told by whoever plans it in earnest.
    let Ok(plan) = plan_behind(first, catalog, &waiting).map(planted) else {
        return Ok(Told::default());
    };
    let mut told = rehearse_waiting(engine, Some(history), known, Some((first, &plan))).await?;
    if let Some(next) = path.get(1) {
        told.unproven.push(format!(
            "not rehearsed yet from {} on: each is when it begins, behind what waits",
            next.id
        ));
    }
    Ok(told)
}

/// The revisions that wait, each with the statements of the way it goes; or why they can't be
/// rehearsed.
fn begun(history: Option<&History>, flying: &[&Known]) -> Result<Vec<Revision>, String> {
    let one = |known: &&Known| {
        let (id, state) = (&known.id, known.state);
        if state != State::Waiting {
            return Err(format!(
                "not rehearsed: {id} is {state}, so the database is between two states"
            ));
        }
        let revision = history.and_then(|history| history.get(id));
        let revision =
            revision.ok_or_else(|| format!("not rehearsed: the file of {id} isn't at hand"))?;
        match known.direction {
            Direction::Up => Ok(revision.clone()),
            Direction::Down => reverse_of(revision, &known.reverse)
                .map_err(|_| format!("not rehearsed: no reverse of {id} is known")),
        }
    };
    flying.iter().map(one).collect()
}
