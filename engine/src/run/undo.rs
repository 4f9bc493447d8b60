//! Taking back a revision whose contract has not begun, by the undo that its plan has stored.

use crate::checkpoint;
use crate::error::Error;
use crate::event::Event;
use crate::lock::ladder::surely;
use crate::lock::lease::Lease;
use crate::run::Place;
use crate::run::as_written;
use crate::run::quick::Record;
use crate::state::{Direction, State};
use concertina_planner::plan::{Step, Work};
use concertina_revisions::RevisionId;
use std::time::Instant;

/// Whether a step is of statements that are run as they are written.
fn begins_as_written(step: &Step) -> bool {
    matches!(&step.work, Work::Quick { actions } if as_written::begins(actions).is_some())
}

impl Lease {
    /// Takes back a revision whose contract has not begun: what its steps made is removed, last step first.
    ///
    /// # Errors
    ///
    /// Why it stopped; when contract has begun. Running it again goes on from there.
    pub async fn undo(&mut self, id: &RevisionId) -> Result<(), Error> {
        let ended = surely!(self, self.undo_on(id));
        if let Err(error) = &ended {
            checkpoint::set_error(&self.records, id, &error.to_string())
                .await
                .ok();
        }
        ended
    }

    async fn undo_on(&mut self, id: &RevisionId) -> Result<(), Error> {
        let (plan, direction, state) = self.stored(id).await?;
        match state {
            State::Contracting => {
                return Err(Error::State(format!(
                    "the contract of {id} has begun: finish it with `concertina contract`, then `concertina downgrade`"
                )));
            }
            State::Applied => {
                return Err(Error::State(format!(
                    "revision {id} is applied: take it back with `concertina downgrade`"
                )));
            }
            State::Running | State::Waiting | State::Undoing => {}
        }
        let done = checkpoint::done_steps(&self.records, id, direction).await?;
        let steps: Vec<&Step> = plan.steps().map(|(_, step)| step).collect();
        checkpoint::set_state(&self.records, id, State::Undoing).await?;
        for step in steps.into_iter().rev() {
            self.stop.check()?;
            let begun = matches!(step.work, Work::Slow { .. });
            if done.contains(&step.id.0) || begun {
                let place = Place::of(id, direction, step);
                self.undo_step(&place, step).await?;
            }
        }
        match direction {
            Direction::Up => checkpoint::forget(&self.records, id).await?,
            Direction::Down => {
                checkpoint::forget_steps(&self.records, id, Direction::Down).await?;
                checkpoint::set_direction_up(&self.records, id).await?;
            }
        }
        checkpoint::clear_lists(&self.records).await
    }

    async fn undo_step(&mut self, place: &Place, step: &Step) -> Result<(), Error> {
        if step.undo.is_empty() {
            if begins_as_written(step) {
                let text = format!("{} stays: what takes it back isn't known", place.doing());
                self.tell(Event::Note { text });
            }
            return checkpoint::unrecord_step(
                &self.records,
                &place.revision,
                place.direction,
                &place.step,
            )
            .await;
        }
        let began = Instant::now();
        let what: Vec<String> = step.undo.iter().flat_map(Work::summary).collect();
        let (revision, name) = (place.revision.clone(), place.step.clone());
        self.tell(Event::StepBegun {
            revision: revision.clone(),
            step: name.clone(),
            phase: None,
            what,
        });
        for (at, work) in step.undo.iter().enumerate() {
            let last = at + 1 == step.undo.len();
            match work {
                Work::Quick { actions } => {
                    let record = if last {
                        Record::Undone
                    } else {
                        Record::Nothing
                    };
                    self.quick(place, actions, record).await?;
                }
                Work::Slow { online } => {
                    self.slow(place, online).await?;
                    if last {
                        checkpoint::unrecord_step(
                            &self.records,
                            &place.revision,
                            place.direction,
                            &place.step,
                        )
                        .await?;
                    }
                }
                Work::Backfill { .. } => {
                    return Err(Error::State(format!(
                        "{}: a backfill can't be an undo",
                        place.doing()
                    )));
                }
            }
        }
        let seconds = began.elapsed().as_secs_f64();
        self.tell(Event::StepDone {
            revision,
            step: name,
            seconds,
            rows: None,
            already: false,
        });
        Ok(())
    }
}
