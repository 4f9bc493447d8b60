//! What is pending is rehearsed before the first change, and so is the way down, and what waits for
//! its contract.

mod down;
mod told;
mod waiting;

pub(crate) use down::rehearse_down;
pub(crate) use told::Told;
pub(crate) use waiting::rehearse_waiting;

use crate::ahead::Ahead;
use crate::failure::Failure;
use crate::recorded;
use concertina_engine::{Act, Direction, Engine, Error, Known, Lease, Rehearse, Rehearsed};
use concertina_planner::Catalog;
use concertina_revisions::{History, Revision};
use told::{Remedy, judged};

/// Rehearses what is pending, where the settings want it and it makes sense.
///
/// # Errors
///
/// When it has to be rehearsed and can't be, or the user stops it.
pub(crate) async fn rehearse(
    engine: &Engine,
    lease: Option<&mut Lease>,
    history: &History,
    known: &[Known],
    path: &[&Revision],
    ahead: &[Ahead],
    catalog: &Catalog,
) -> Result<Told, Failure> {
    let when = engine.settings().rehearse;
    let direction = Direction::Up;
    let mut acts: Vec<Act<'_>> = path
        .iter()
        .copied()
        .zip(ahead)
        .map(|(revision, ahead)| Act {
            revision,
            plan: &ahead.plan,
            direction,
        })
        .collect();
    if when == Rehearse::Never || !acts.iter().any(|act| is_about_what_is_there(act, catalog)) {
        return Ok(Told::default());
    }
    // What nobody can see into may reach out of the scratch database: it isn't run twice.
    let opaque = ahead
        .iter()
        .position(|ahead| !ahead.is_foreseen)
        .map(|at| acts.split_off(at));
    let opaque = opaque.as_deref().and_then(<[Act<'_>]>::first).map(|act| {
        format!(
            "not rehearsed from {} on: nobody can see into one of its statements beforehand",
            act.revision.id
        )
    });
    if !acts.iter().any(|act| is_about_what_is_there(act, catalog)) {
        return Ok(opaque.map(Told::unproven).unwrap_or_default());
    }
    if recorded::in_flight(known).next().is_some() {
        return waiting::behind(engine, history, known, path, catalog).await;
    }
    if catalog.has_versions() {
        return Ok(Told::unproven(
            "not rehearsed: versions of the application's schema aren't copied".to_owned(),
        ));
    }
    let tried = tried(engine, lease, &acts, catalog).await;
    let mut told = judged(tried, when, path, Remedy::Fresh)?;
    told.unproven.extend(opaque);
    Ok(told)
}

/// Whether a plan is about more than new things. What is run as it is written in one transaction
/// needs no proof; that nothing is to be done does.
fn is_about_what_is_there(act: &Act<'_>, catalog: &Catalog) -> bool {
    let Act { revision, plan, .. } = *act;
    let touches = || {
        concertina_planner::named(&[revision], catalog)
            .iter()
            .any(|table| catalog.table(table).is_some())
    };
    let is_as_written = plan.is_at_once() && plan.steps().next().is_some();
    !is_as_written && (!plan.backfill.is_empty() || !plan.contract.is_empty() || touches())
}

/// What is remembered of the same, or a rehearsal, which whoever may write remembers.
async fn tried(
    engine: &Engine,
    lease: Option<&mut Lease>,
    acts: &[Act<'_>],
    catalog: &Catalog,
) -> Result<Option<Rehearsed>, Error> {
    let ground = engine.ground(acts, catalog).await?;
    if let Some(before) = engine.remembered(&ground).await? {
        return Ok(Some(before));
    }
    let rehearsed = Box::pin(engine.rehearse(acts, &ground)).await?;
    if let (Some(lease), Some(passed)) = (
        lease,
        rehearsed.as_ref().filter(|passed| passed.refused.is_none()),
    ) {
        lease.remember(&ground, passed).await?;
    }
    Ok(rehearsed)
}
