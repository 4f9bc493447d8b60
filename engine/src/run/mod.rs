//! The loop: ask what is next, do it, record it, again. Everything that was done stays done.

pub(crate) mod abandon;
pub(crate) mod as_written;
pub(crate) mod detach;
pub(crate) mod next;
pub(crate) mod preflight;
pub(crate) mod proof;
pub(crate) mod quick;
pub(crate) mod slow;
pub(crate) mod tried;
pub(crate) mod undo;

use crate::backfill;
use crate::checkpoint;
use crate::error::Error;
use crate::event::Event;
use crate::lock::ladder::surely;
use crate::lock::lease::Lease;
use crate::lock::replicas;
use crate::place::JobKey;
use crate::run::next::{Next, Until, next};
use crate::run::quick::Record;
use crate::state::{Direction, State};
use crate::unfilled;
use concertina_planner::action::Backfill;
use concertina_planner::plan::{Phase, Plan, Step, Work};
use concertina_revisions::{Checksum, RevisionId, TableName};
use std::time::Instant;

/// A step's place: which revision, which way.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) revision: RevisionId,
    pub(crate) direction: Direction,
    pub(crate) step: String,
    /// Tables that are locked with others, each after its parent.
    pub(crate) below: Vec<(TableName, TableName)>,
}

impl Place {
    pub(crate) fn of(revision: &RevisionId, direction: Direction, step: &Step) -> Place {
        Place {
            revision: revision.clone(),
            direction,
            step: step.id.0.clone(),
            below: step.below.clone(),
        }
    }

    /// The first step of a plan that has nothing to do.
    pub(crate) fn first(revision: &RevisionId, direction: Direction) -> Place {
        Place {
            revision: revision.clone(),
            direction,
            step: format!("{}-1", Phase::Expand),
            below: vec![],
        }
    }

    /// For messages.
    pub(crate) fn doing(&self) -> String {
        format!("{} {}", self.revision, self.step)
    }

    fn job(&self) -> JobKey {
        JobKey {
            revision: self.revision.clone(),
            direction: self.direction,
            step: self.step.clone(),
        }
    }
}

/// A revision to begin.
#[derive(Debug, Clone, Copy)]
pub struct NewRun<'a> {
    /// The revision.
    pub id: &'a RevisionId,
    /// Its parents.
    pub parents: &'a [RevisionId],
    /// What its file holds.
    pub checksum: &'a Checksum,
    /// Which way it goes.
    pub direction: Direction,
    /// The plan.
    pub plan: &'a Plan,
}

impl NewRun<'_> {
    pub(crate) fn record(&self) -> checkpoint::Begin<'_> {
        let NewRun {
            id,
            parents,
            checksum,
            direction,
            plan,
        } = *self;
        checkpoint::Begin {
            id,
            parents,
            checksum,
            direction,
            plan,
        }
    }
}

/// How a run ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything is done.
    Done,
    /// Contract waits for the user's word.
    WaitingForContract,
}

impl Lease {
    /// Records that a revision begins. From then on its plan is the one that is run, however often.
    ///
    /// # Errors
    ///
    /// When PostgreSQL refuses.
    pub async fn begin(&mut self, run: &NewRun<'_>) -> Result<(), Error> {
        if run.direction == Direction::Down {
            surely!(
                self,
                checkpoint::forget_steps(&self.records, run.id, Direction::Down)
            )?;
        }
        for warning in &run.plan.warnings {
            let text = format!(
                "{} {}, statement {}: {}",
                run.id, warning.code, warning.statement, warning.message
            );
            self.tell(Event::Note { text });
        }
        surely!(self, checkpoint::begin(&self.records, &run.record()))
    }

    /// Runs a begun revision until it is done or has to wait, across lost connections.
    ///
    /// # Errors
    ///
    /// Why it stopped. What was done stays done and recorded; running it again goes on from there.
    pub async fn run(&mut self, id: &RevisionId, until: Until) -> Result<Outcome, Error> {
        let ended = surely!(self, Box::pin(self.run_on(id, until)));
        if let Err(error) = &ended {
            checkpoint::set_error(&self.records, id, &error.to_string())
                .await
                .ok();
        }
        ended
    }

    async fn run_on(&mut self, id: &RevisionId, until: Until) -> Result<Outcome, Error> {
        let (plan, direction, state) = self.stored(id).await?;
        let mut state = state;
        if state == State::Undoing {
            return Err(Error::State(format!(
                "revision {id} is being undone: finish that with `concertina rollback`"
            )));
        }
        let first = checkpoint::done_steps(&self.records, id, direction).await?;
        self.tell(Event::RevisionBegun {
            revision: id.clone(),
            direction: direction.as_str(),
            resumed: !first.is_empty(),
        });
        // After a lost connection only what is recorded counts: the last rows of a proof may be
        // lost with it.
        let mut proven = state == State::Contracting;
        let mut swept_for = None;
        let mut none_comes_in = false;
        loop {
            self.stop.check()?;
            let done = checkpoint::done_steps(&self.records, id, direction).await?;
            match next(&plan, &done, until, proven) {
                Next::Perform(phase, step) => {
                    let is_contract = phase == Phase::Contract;
                    if is_contract && state != State::Contracting {
                        checkpoint::set_state(&self.records, id, State::Contracting).await?;
                        state = State::Contracting;
                    }
                    let place = Place::of(id, direction, step);
                    none_comes_in &= !unfilled::begins_to_refuse(step);
                    if is_contract && unfilled::relies_on_none(step, &plan) && !none_comes_in {
                        self.prove_for(id, direction, &plan, step).await?;
                        none_comes_in = true;
                    }
                    match self.perform(&place, Some(phase), step).await {
                        // A partition may have come with rows since they were filled.
                        Err(error)
                            if error.is_of_rows() && swept_for.as_ref() != Some(&step.id) =>
                        {
                            swept_for = Some(step.id.clone());
                            let text = format!("{error}; looking for rows that came meanwhile");
                            self.tell(Event::Note { text });
                            self.prove(id, direction, &plan).await?;
                        }
                        performed => performed?,
                    }
                }
                Next::Prove => {
                    self.tell_unfilled(id, &plan).await?;
                    unfilled::none_left_behind(&self.records, &plan).await?;
                    self.prove(id, direction, &plan).await?;
                    proven = true;
                }
                Next::Wait => {
                    self.tell_unfilled(id, &plan).await?;
                    checkpoint::set_state(&self.records, id, State::Waiting).await?;
                    self.tell_reached(id, State::Waiting);
                    return Ok(Outcome::WaitingForContract);
                }
                Next::Finish => {
                    match direction {
                        Direction::Up => {
                            checkpoint::set_state(&self.records, id, State::Applied).await?;
                        }
                        Direction::Down => checkpoint::forget(&self.records, id).await?,
                    }
                    self.tell_reached(id, State::Applied);
                    return Ok(Outcome::Done);
                }
            }
        }
    }

    /// Proves that no row is left of which a step of contract relies on that.
    async fn prove_for(
        &mut self,
        id: &RevisionId,
        direction: Direction,
        plan: &Plan,
        step: &Step,
    ) -> Result<(), Error> {
        self.prove_of(id, direction, plan, |backfill| {
            unfilled::is_relied_on(backfill, step, plan)
        })
        .await?;
        unfilled::none_left_behind(&self.records, plan).await
    }

    fn tell_reached(&self, id: &RevisionId, state: State) {
        self.tell(Event::RevisionReached {
            revision: id.clone(),
            state,
        });
    }

    /// Tells how many writes sync triggers have left to be put right.
    async fn tell_unfilled(&self, id: &RevisionId, plan: &Plan) -> Result<(), Error> {
        for unfilled in unfilled::of_plan(&self.records, plan).await? {
            self.tell(Event::Unfilled {
                revision: id.clone(),
                unfilled,
            });
        }
        Ok(())
    }

    pub(crate) async fn stored(&self, id: &RevisionId) -> Result<(Plan, Direction, State), Error> {
        let Some(known) = checkpoint::one(&self.records, id).await? else {
            return Err(Error::State(format!("revision {id} hasn't been begun")));
        };
        let Some(plan) = known.plan else {
            return Err(Error::State(format!(
                "revision {id} was stamped: it has no plan"
            )));
        };
        Ok((plan, known.direction, known.state))
    }

    /// One step, by its manner of working.
    async fn perform(
        &mut self,
        place: &Place,
        phase: Option<Phase>,
        step: &Step,
    ) -> Result<(), Error> {
        replicas::synchronous(&self.records, &self.settings, &self.events, &self.stop).await?;
        let began = Instant::now();
        let (revision, name) = (place.revision.clone(), place.step.clone());
        self.tell(Event::StepBegun {
            revision: revision.clone(),
            step: name.clone(),
            phase,
            what: step.work.summary(),
        });
        let (rows, already) = match &step.work {
            Work::Quick { actions } => {
                self.quick(place, actions, Record::Done).await?;
                (None, false)
            }
            Work::Slow { online } => {
                let already = self.slow(place, online).await?;
                (None, already)
            }
            Work::Backfill { backfill } => {
                let rows = backfill::run(self, &place.job(), backfill).await?;
                (Some(rows), false)
            }
        };
        let seconds = began.elapsed().as_secs_f64();
        if !matches!(step.work, Work::Quick { .. }) {
            let counted = rows.map(|rows| i64::try_from(rows).unwrap_or(i64::MAX));
            checkpoint::record_step(
                &self.records,
                &place.revision,
                place.direction,
                &name,
                counted,
                seconds,
            )
            .await?;
        }
        self.tell(Event::StepDone {
            revision,
            step: name,
            seconds,
            rows,
            already,
        });
        Ok(())
    }

    /// Nothing is enforced or removed before it is proven that no row is left to backfill.
    async fn prove(
        &mut self,
        id: &RevisionId,
        direction: Direction,
        plan: &Plan,
    ) -> Result<(), Error> {
        self.prove_of(id, direction, plan, |_| true).await
    }

    /// The same of some backfills.
    async fn prove_of(
        &mut self,
        id: &RevisionId,
        direction: Direction,
        plan: &Plan,
        which: impl Fn(&Backfill) -> bool,
    ) -> Result<(), Error> {
        for step in plan.phase(Phase::Backfill) {
            if let Work::Backfill { backfill } = &step.work
                && backfill.synced
                && which(backfill)
            {
                let place = Place::of(id, direction, step);
                backfill::sweep(self, &place.job(), backfill).await?;
            }
        }
        Ok(())
    }
}
