//! The way out of last resort: a revision that can neither go on nor be taken back is forgotten,
//! and with it whatever is ours alone. What its author's statements made stays as it is.

use crate::checkpoint;
use crate::error::Error;
use crate::event::Event;
use crate::lock::ladder::surely;
use crate::lock::lease::Lease;
use crate::run::Place;
use crate::run::quick::Record;
use concertina_planner::action::{Action, Online};
use concertina_planner::is_helper;
use concertina_planner::plan::{Phase, Plan, Step, Work};
use concertina_revisions::{Ident, RevisionId};
use std::collections::BTreeSet;
use tokio_postgres::error::SqlState;

impl Lease {
    /// Takes away what is ours of a revision in flight, its sync triggers and helpers, and forgets it. Neither its statements'
    /// own work is undone nor what is left of them is done.
    ///
    /// # Errors
    ///
    /// When the revision isn't in flight, or PostgreSQL refuses. Running it again goes on.
    pub async fn abandon(&mut self, id: &RevisionId) -> Result<(), Error> {
        surely!(self, self.abandon_on(id))
    }

    async fn abandon_on(&mut self, id: &RevisionId) -> Result<(), Error> {
        let (plan, direction, _) = self.stored(id).await?;
        let done = checkpoint::done_steps(&self.records, id, direction).await?;
        let removed = removed_by(&plan, &done);
        let steps: Vec<&Step> = plan.steps().map(|(_, step)| step).collect();
        for step in steps.into_iter().rev() {
            self.stop.check()?;
            let begun = done.contains(&step.id.0) || matches!(step.work, Work::Slow { .. });
            if !begun {
                continue;
            }
            let place = Place::of(id, direction, step);
            for work in &step.undo {
                match work {
                    Work::Quick { actions } => {
                        for action in ours(actions, &removed) {
                            self.take_away(&place, action).await?;
                        }
                    }
                    Work::Slow {
                        online: online @ Online::DropIndex { index, .. },
                    } if is_helper(&index.name) => {
                        self.slow(&place, online).await?;
                    }
                    Work::Slow { .. } | Work::Backfill { .. } => {}
                }
            }
        }
        checkpoint::clear_lists(&self.records).await?;
        checkpoint::forget(&self.records, id).await
    }
}

impl Lease {
    /// Takes one thing of ours away; what others have come to depend on stays, and is told.
    async fn take_away(&mut self, place: &Place, action: Action) -> Result<(), Error> {
        let what = action.summary();
        match self.quick(place, &[action], Record::Nothing).await {
            Err(error) if error.code() == Some(&SqlState::DEPENDENT_OBJECTS_STILL_EXIST) => {
                self.tell(Event::Note {
                    text: format!("not done, and left to you: {what}: {error}"),
                });
                Ok(())
            }
            other => other,
        }
    }
}

/// The sync triggers that contract has removed already: with them went what they kept up, and its
/// name may be the author's by now.
fn removed_by(plan: &Plan, done: &BTreeSet<String>) -> BTreeSet<Ident> {
    let contract = plan
        .phase(Phase::Contract)
        .iter()
        .filter(|step| done.contains(&step.id.0));
    let actions = contract.flat_map(|step| step.work.actions());
    actions
        .filter_map(|action| {
            if let Action::RemoveSync(sync) = action {
                Some(sync.name.clone())
            } else {
                None
            }
        })
        .collect()
}

/// What of an undo takes away nothing but what is ours. A second name for a column goes with the
/// trigger that keeps it up, and with all that stands between the two in the undo.
fn ours(actions: &[Action], removed: &BTreeSet<Ident>) -> Vec<Action> {
    let mut ours = Vec::new();
    let mut second: Option<&Ident> = None;
    for action in actions {
        let is_ours = if let Action::RemoveSync(sync) = action {
            let stays_up = !removed.contains(&sync.name);
            if stays_up {
                second = sync.alias.as_ref().map(|alias| &alias.alias);
            }
            stays_up
        } else if let Action::DropColumn { column, .. } = action {
            second.take_if(|second| *second == column).is_some() || is_helper(column)
        } else if let Action::DropConstraint { name, .. } = action {
            is_helper(name)
        } else {
            second.is_some() || matches!(action, Action::DropVersion { .. })
        };
        if is_ours {
            ours.push(action.clone());
        }
    }
    ours
}
