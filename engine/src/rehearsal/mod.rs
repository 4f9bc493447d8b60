//! A plan is compared with the statements that it stands for, on the schema that it will meet,
//! before the first change: in one scratch database the author's statements run as they stand, in
//! another the plan, to its end and by the code that will run it. Both have the structure of the
//! real database and rows that are made up; what they hold afterwards has to be the same.

mod along;
mod author;
mod back;
pub(crate) mod clone;
mod compare;
mod demands;
mod ground;
mod images;
mod leftover;
mod rows;
mod scope;
pub(crate) mod scratch;
mod stage;
mod uncopied;
mod waiting;

pub use ground::Ground;

use crate::config::Settings;
use crate::connection::engine::Engine;
use crate::error::{Class, Error};
use crate::state::Direction;
use concertina_planner::Plan;
use concertina_planner::drift::Inventory;
use concertina_revisions::{Revision, RevisionId};
use demands::{Demands, Fault};
use rows::Made;
use scratch::Scratch;
use stage::{Props, Stage};
use std::time::Duration;
use uncopied::{Uncopied, listed};

/// A step that finds no lock where nobody else is doesn't find one later.
const LOCK_BUDGET: Duration = Duration::from_secs(20);

/// A rehearsal that isn't over by then is given up: a server that is short of connections may never
/// let it end.
const WITHIN: Duration = Duration::from_mins(5);

/// So many kinds of rows are tried before none.
const TRIES_MAX: usize = 8;

/// A revision with the plan that will be run.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// The revision.
    pub revision: &'a Revision,
    /// Its plan.
    pub plan: &'a Plan,
    /// Which way it goes. The statements of a way down are those of a revision of their own.
    pub direction: Direction,
}

/// How a rehearsal ended.
#[derive(Debug, Clone, Default)]
pub struct Rehearsed {
    /// Why the revision is refused, where it is.
    pub refused: Option<Objection>,
    /// What couldn't be shown, and why.
    pub unproven: Vec<String>,
    /// What the way back leaves.
    pub left: Vec<String>,
}

/// Why a revision is refused.
#[derive(Debug, Clone)]
pub enum Objection {
    /// PostgreSQL refuses a statement as it is written.
    Statement {
        /// The revision.
        revision: RevisionId,
        /// The statement, counted from 1.
        statement: usize,
        /// Where in the statement, in characters counted from 1.
        position: Option<usize>,
        /// The server's message.
        message: String,
        /// What it advises.
        hint: Option<String>,
    },
    /// The plan fails where the statements don't, or ends otherwise.
    Plan {
        /// The revision.
        revision: RevisionId,
        /// In what it differs: one a line.
        differences: Vec<String>,
    },
}

impl Engine {
    /// Rehearses revisions, one after the other, each where the ones before leave. The database itself is only read. Nothing where
    /// the connected role may make no database.
    ///
    /// # Errors
    ///
    /// When the server can't be worked with; what is wrong with a revision is no error but a verdict.
    pub async fn rehearse(
        &self,
        acts: &[Act<'_>],
        ground: &Ground,
    ) -> Result<Option<Rehearsed>, Error> {
        let Some(mut scratch) = Scratch::open(&self.connect, &self.settings).await? else {
            return Ok(None);
        };
        let ended = self.within(self.tries(&mut scratch, acts, ground)).await;
        let closed = scratch.close().await;
        let rehearsed = ended?;
        closed.map(|()| Some(rehearsed))
    }

    /// No longer than a rehearsal may take, and no longer than the user lets it.
    async fn within<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        tokio::select! {
            ended = work => ended,
            () = self.stop.asked() => Err(Error::Interrupted),
            () = tokio::time::sleep(WITHIN) => Err(Error::Stuck {
                doing: "the rehearsal".to_owned(),
                why: format!("it isn't over after {} s", WITHIN.as_secs()),
            }),
        }
    }

    /// Made-up rows may be at fault where statements are refused: then others are tried, and in the
    /// end none. So may be what wasn't copied of a large structure.
    async fn tries(
        &self,
        scratch: &mut Scratch,
        acts: &[Act<'_>],
        ground: &Ground,
    ) -> Result<Rehearsed, Error> {
        let part = scope::around(&ground.structure, &ground.named);
        let mut demands = Demands::default();
        // Where no table holds rows there is none to be made.
        let tries = if ground.populated.is_empty() {
            0
        } else {
            TRIES_MAX
        };
        for _ in 0..tries {
            let rows = Made {
                tables: &ground.populated,
                named: &ground.about,
                constants: &ground.constants,
                demands: &demands,
            };
            let (scope, rows) = (&part, Some(rows));
            let refusal = match self.attempt(scratch, acts, Props { scope, rows }).await? {
                Attempt::Over(rehearsed) => return Ok(rehearsed),
                Attempt::Refused(_, fault) => fault,
            };
            let names_texts = !ground.constants.texts.is_empty();
            match demands.learnt(&refusal, names_texts) {
                Some(next) => demands = next,
                None => break,
            }
        }
        let whole = (!part.is_whole).then(|| scope::whole(&ground.structure));
        let mut last = Rehearsed::default();
        for scope in std::iter::once(&part).chain(&whole) {
            let rows = None;
            match self.attempt(scratch, acts, Props { scope, rows }).await? {
                Attempt::Over(rehearsed) => return Ok(rehearsed),
                Attempt::Refused(rehearsed, _) => last = rehearsed,
            }
        }
        Ok(last)
    }

    /// One try.
    async fn attempt(
        &self,
        scratch: &mut Scratch,
        acts: &[Act<'_>],
        props: Props<'_>,
    ) -> Result<Attempt, Error> {
        let ended = Box::pin(self.perform(scratch, acts, props)).await?;
        Ok(match ended {
            Ended::Verdict(rehearsed) => Attempt::Over(rehearsed),
            Ended::Author(revision, refusal, uncopied) => {
                let is_last = refusal.is_sure && props.scope.is_whole || refusal.is_outside;
                let fault = refusal.fault.clone();
                let rehearsed = of_author(revision, refusal, &uncopied);
                if is_last {
                    Attempt::Over(rehearsed)
                } else {
                    Attempt::Refused(rehearsed, fault)
                }
            }
        })
    }

    /// All revisions, in both databases.
    async fn perform<'a>(
        &self,
        scratch: &mut Scratch,
        acts: &[Act<'a>],
        props: Props<'_>,
    ) -> Result<Ended<'a>, Error> {
        let mut stage = Stage::open(self, scratch, props).await?;
        let mut past: Vec<Inventory> = Vec::new();
        let mut verdict = Rehearsed::default();
        for (at, act) in acts.iter().enumerate() {
            past.push(stage.now.clone());
            if let Some(refusal) = stage.author(act).await? {
                return Ok(Ended::Author(act.revision, refusal, stage.uncopied));
            }
            let found = match stage.plan(act).await? {
                Some(failed) => vec![failed],
                None => stage.differences(&acts[..=at]).await?,
            };
            if !found.is_empty() {
                verdict.judge(act.revision, found, &stage.uncopied);
                return Ok(Ended::Verdict(verdict));
            }
        }
        verdict.unproven.extend(
            stage
                .uncopied
                .iter()
                .map(|what| format!("not proven for {what}: it can't be copied")),
        );
        // Nobody goes up from half way down.
        if acts.iter().all(|act| act.direction == Direction::Up) {
            verdict.left = Box::pin(back::rehearse(&mut stage, acts, &past)).await?;
        }
        Ok(Ended::Verdict(verdict))
    }
}

/// What is known after a try.
enum Attempt {
    /// How the rehearsal ends.
    Over(Rehearsed),
    /// How it ends unless another try says more, and what was at fault if it was the rows.
    Refused(Rehearsed, Fault),
}

/// How a try ended.
enum Ended<'a> {
    /// With a verdict.
    Verdict(Rehearsed),
    /// A statement of the author's was refused, with what wasn't copied.
    Author(&'a Revision, author::Refusal, Vec<Uncopied>),
}

impl Rehearsed {
    /// What differs refuses the revision, unless it may come from what couldn't be copied.
    fn judge(&mut self, revision: &Revision, found: Vec<String>, uncopied: &[Uncopied]) {
        if uncopied.is_empty() {
            self.refused = Some(Objection::Plan {
                revision: revision.id.clone(),
                differences: found,
            });
            return;
        }
        let what = listed(uncopied);
        self.unproven.push(format!(
            "{} ended otherwise when it was rehearsed, which may come from what can't be copied ({what}): {}",
            revision.id,
            found.join("; ")
        ));
    }
}

/// The author's statements were refused without rows as well.
fn of_author(revision: &Revision, refusal: author::Refusal, uncopied: &[Uncopied]) -> Rehearsed {
    let author::Refusal {
        statement,
        message,
        hint,
        position,
        is_sure,
        is_outside,
        fault: _,
    } = refusal;
    if is_outside {
        let note = format!(
            "{} can't be rehearsed: statement {statement} was rolled back: {message}",
            revision.id
        );
        return Rehearsed {
            unproven: vec![note],
            ..Rehearsed::default()
        };
    }
    if is_sure && !uncopied.iter().any(|one| one.has_name) {
        let refused = Objection::Statement {
            revision: revision.id.clone(),
            statement,
            position,
            message,
            hint,
        };
        return Rehearsed {
            refused: Some(refused),
            ..Rehearsed::default()
        };
    }
    let why = if uncopied.is_empty() {
        String::new()
    } else {
        format!("; not copied: {}", listed(uncopied))
    };
    let note = format!(
        "{} can't be rehearsed: statement {statement} needs what is only in the real database: {message}{why}",
        revision.id
    );
    Rehearsed {
        unproven: vec![note],
        ..Rehearsed::default()
    }
}

/// Settings where nobody else is.
fn on_stage(settings: &Settings) -> Settings {
    Settings {
        lock_budget: LOCK_BUDGET.max(settings.lock_timeout),
        reconnect_budget: LOCK_BUDGET,
        workers: 1,
        eager: true,
        rows_per_second_max: None,
        wal_bytes_per_second_max: None,
        latency_budget_percent: None,
        active_sessions_max: None,
        throttle_query: None,
        hours: None,
        replica_backlog_max_bytes: u64::MAX,
        replica_lag_max: Duration::from_hours(24 * 365),
        ..settings.clone()
    }
}

/// What an error says of the plan; one of the server or of the user is none of the plan.
fn failed(ended: Result<(), Error>) -> Result<Option<String>, Error> {
    match ended {
        Ok(()) => Ok(None),
        Err(
            error @ (Error::Interrupted
            | Error::Connect { .. }
            | Error::Silent { .. }
            | Error::Outdated { .. }),
        ) => Err(error),
        Err(error) if error.class() == Class::Connection => Err(error),
        Err(error) => Ok(Some(format!("the plan fails: {error}"))),
    }
}
