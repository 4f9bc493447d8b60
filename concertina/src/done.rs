//! What verbs have in common: what a run did, what it begins with, what waits.

use crate::failure::Failure;
use crate::recorded;
use concertina_engine::{Direction, Known, Lease, NewRun, State, Until};
use concertina_planner::Plan;
use concertina_planner::plan::Hazard;
use concertina_revisions::{Revision, RevisionId};

/// What a verb did.
#[derive(Debug, Clone, Default)]
pub struct Done {
    /// Revisions that are done to the end.
    pub finished: Vec<RevisionId>,
    /// Revisions whose contract waits, with what it endangers.
    pub waiting: Vec<(RevisionId, Vec<Hazard>)>,
}

impl Done {
    /// After a failover some of what was done may be lost: it is done again, and told then.
    pub(crate) fn keep_recorded(&mut self, known: &[Known]) {
        let is_done = |id: &RevisionId| {
            known.iter().any(|known| {
                known.id == *id && known.state == State::Applied && known.direction == Direction::Up
            })
        };
        self.finished.retain(is_done);
        self.waiting.clear();
    }
}

pub(crate) fn new_run<'a>(
    revision: &'a Revision,
    direction: Direction,
    plan: &'a Plan,
) -> NewRun<'a> {
    NewRun {
        id: &revision.id,
        parents: &revision.revises,
        checksum: &revision.checksum,
        direction,
        plan,
    }
}

pub(crate) async fn preflight(lease: &mut Lease, plan: &Plan) -> Result<(), Failure> {
    let failed = lease.preflight(plan).await?;
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Failure::Preflight {
            revision: plan.revision.clone(),
            failed,
        })
    }
}

pub(crate) async fn hazards(lease: &mut Lease, id: &RevisionId) -> Result<Vec<Hazard>, Failure> {
    let known = lease.known().await?;
    let plan = known
        .into_iter()
        .find(|known| known.id == *id)
        .and_then(|known| known.plan);
    Ok(plan.map(|plan| plan.hazards).unwrap_or_default())
}

pub(crate) async fn contract_waiting(lease: &mut Lease, done: &mut Done) -> Result<(), Failure> {
    for known in lease.known().await? {
        match known.state {
            State::Waiting | State::Contracting => {
                lease.run(&known.id, Until::Contracted).await?;
                done.finished.push(known.id);
            }
            State::Undoing => return Err(recorded::rollback_first(&known.id)),
            State::Running | State::Applied => {}
        }
    }
    Ok(())
}

pub(crate) async fn still_waiting(lease: &mut Lease, done: &mut Done) -> Result<(), Failure> {
    for known in lease.known().await? {
        if known.state == State::Waiting {
            done.waiting.push((
                known.id,
                known.plan.map(|plan| plan.hazards).unwrap_or_default(),
            ));
        }
    }
    Ok(())
}

/// Revisions that need no more of expand and backfill.
pub(crate) fn reached(known: &[Known]) -> Vec<RevisionId> {
    known
        .iter()
        .filter(|known| matches!(known.state, State::Applied | State::Waiting))
        .map(|known| known.id.clone())
        .collect()
}

/// Revisions that have been begun.
pub(crate) fn begun(known: &[Known]) -> Vec<RevisionId> {
    known.iter().map(|known| known.id.clone()).collect()
}
