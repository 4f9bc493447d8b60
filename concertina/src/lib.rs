//! The verbs of Concertina as library calls: a folder of revisions and a database in, a migrated database out. The
//! command `concertina` is a thin shell around them; services can call them directly.
//!
//! ```no_run
//! # async fn example() -> Result<(), concertina::Failure> {
//! use concertina::{Project, Until, upgrade};
//! use concertina_engine::{Connect, Engine, Settings};
//! use concertina_revisions::Target;
//! use std::sync::Arc;
//!
//! let history = concertina::history(std::path::Path::new("revisions"))?;
//! let connect = Connect::parse("postgres://app@localhost/shop")?;
//! let (engine, _stopper) = Engine::new(connect, Settings::default(), Arc::new(|_| {}));
//! let done = upgrade(&engine, &history, &Target::Head, Until::Backfilled).await?;
//! assert!(done.waiting.is_empty(), "call contract() once no old version of the application is left");
//! # Ok(()) }
//! ```
//!
//! A service that brings its revisions along has a [`Runner`].
//!
//! # Layout
//!
//! This file: the composition · `up`: the way up · `rehearse`: what is compared before it · [`Runner`]: the same for services · [`Failure`]: why a verb ended · [`check`]: what would be refused · [`adopt`]: histories of other tools · [`drift`]: what there is against what should be · [`script`]: the same as a script for psql ·
//! [`project`] and [`connection`]: where settings and
//! the database come from · `command`: one verb a file · `draw`: everything that is printed.

pub mod adopt;
pub mod check;
pub mod connection;
pub mod drift;
mod failure;
pub mod project;
mod recorded;
mod rehearse;
mod runner;
pub mod script;
mod up;

pub use concertina_engine::Until;
pub use failure::{Exit, Failure};
pub use project::Project;
pub use recorded::{compare, in_flight};
pub use runner::{Builder, Runner};
pub use up::{pending, upgrade};

use concertina_engine::{Direction, Engine, Known, Lease, NewRun, Outcome, State};
use concertina_planner::plan::Hazard;
use concertina_planner::{Plan, Policy, plan_reverse};
use concertina_revisions::{History, Revision, RevisionId, Target};
use std::path::Path;

/// What a verb did.
#[derive(Debug, Clone, Default)]
pub struct Done {
    /// Revisions that are done to the end.
    pub finished: Vec<RevisionId>,
    /// Revisions whose contract waits, with what it endangers.
    pub waiting: Vec<(RevisionId, Vec<Hazard>)>,
}

/// Reads a folder of revisions.
///
/// # Errors
///
/// When it can't be read, is another tool's, or a file is wrong.
pub fn history(folder: &Path) -> Result<History, Failure> {
    let sources = concertina_revisions::read(folder)?;
    if let Some(foreign) = concertina_revisions::folder::foreign(folder, &sources)? {
        return Err(Failure::usage(foreign.what, foreign.help));
    }
    Ok(History::parse(sources)?)
}

/// The revision that `head`, an id or the beginning of one means.
///
/// # Errors
///
/// When none or several are meant.
pub fn one<'a>(history: &'a History, text: &str) -> Result<&'a Revision, Failure> {
    if text != "head" {
        return Ok(history.find(text)?);
    }
    match history.heads().as_slice() {
        [head] => Ok(head),
        [] => Err(Failure::usage("the folder holds no revision yet", "`concertina new` writes one")),
        several => {
            let ids: Vec<&str> = several.iter().map(|revision| revision.id.as_str()).collect();
            Err(Failure::usage(format!("there are several heads: {}", ids.join(", ")), "name one of them"))
        }
    }
}

/// Runs the contract of every revision that waits for it.
///
/// # Errors
///
/// Why it ended; what was done stays done.
pub async fn contract(engine: &Engine) -> Result<Done, Failure> {
    let mut lease = engine.lease().await?;
    let mut done = Done::default();
    contract_waiting(&mut lease, &mut done).await?;
    Ok(done)
}

/// Takes back revisions whose contract hasn't begun: the newest, or all down to one.
///
/// # Errors
///
/// Why it ended; what was taken back stays so.
pub async fn rollback(engine: &Engine, history: &History, down_to: Option<&str>) -> Result<Done, Failure> {
    let mut lease = engine.lease().await?;
    let known = lease.known().await?;
    let mut flying: Vec<&Known> = in_flight(&known).collect();
    flying.reverse();
    let last = match down_to {
        None => 0,
        Some(text) => {
            let id = &history.find(text)?.id;
            flying
                .iter()
                .position(|known| known.id == *id)
                .ok_or_else(|| Failure::usage(format!("{id} isn't in flight"), "`concertina status` shows what is"))?
        }
    };
    let mut done = Done::default();
    for known in flying.into_iter().take(last + 1) {
        lease.undo(&known.id).await?;
        done.finished.push(known.id.clone());
    }
    Ok(done)
}

/// Goes down to a target: what is applied is taken back by its reverse, what is in flight by undoing it.
///
/// # Errors
///
/// Why it ended; what was done stays done.
pub async fn downgrade(
    engine: &Engine,
    history: &History,
    target: &Target,
    until: Until,
    policy: &Policy,
) -> Result<Done, Failure> {
    let mut lease = engine.lease().await?;
    let known = lease.known().await?;
    let ids: Vec<RevisionId> = known.iter().map(|known| known.id.clone()).collect();
    let mut done = Done::default();
    for revision in history.path_down(&ids, target)? {
        let Some(own) = known.iter().find(|known| known.id == revision.id) else { continue };
        match (own.direction, own.state) {
            (Direction::Up, State::Running | State::Waiting | State::Undoing) => {
                lease.undo(&revision.id).await?;
                done.finished.push(revision.id.clone());
                continue;
            }
            (Direction::Up, State::Contracting) => {
                return Err(recorded::contract_first(&revision.id));
            }
            (Direction::Up, State::Applied) => {
                let plan = plan_reverse(revision, &own.reverse, &lease.catalog_for(&[revision]).await?, policy)?;
                preflight(&mut lease, &plan).await?;
                if plan.is_at_once() {
                    lease.run_at_once(&new_run(revision, Direction::Down, &plan)).await?;
                    done.finished.push(revision.id.clone());
                    continue;
                }
                lease.begin(&new_run(revision, Direction::Down, &plan)).await?;
            }
            (Direction::Down, _) => {}
        }
        let endangers = !hazards(&mut lease, &revision.id).await?.is_empty();
        let until = if endangers { until } else { Until::Contracted };
        if lease.run(&revision.id, until).await? == Outcome::WaitingForContract {
            break;
        }
        done.finished.push(revision.id.clone());
    }
    still_waiting(&mut lease, &mut done).await?;
    Ok(done)
}

/// What is put up with when revisions are recorded without being run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Despite {
    /// Nothing.
    #[default]
    Nothing,
    /// Files that were edited after they ran.
    Edited,
    /// Any record, also of revisions that aren't in the folder. What is in flight is forgotten: what is ours of it is taken away,
    /// and the rest stays as it is.
    Anything,
}

/// Records revisions as applied up to a target, and nothing else as applied, without running anything.
///
/// # Errors
///
/// When the target isn't known, or something is in flight that isn't to be forgotten.
pub async fn stamp(engine: &Engine, history: &History, target: &Target, despite: Despite) -> Result<Done, Failure> {
    let mut lease = engine.lease().await?;
    let mut known = lease.known().await?;
    if despite == Despite::Anything {
        for flying in in_flight(&known).collect::<Vec<_>>().into_iter().rev() {
            lease.abandon(&flying.id).await?;
        }
        known = lease.known().await?;
    }
    if despite == Despite::Nothing {
        compare(history, &known)?;
    }
    recorded::settled(&known, recorded::BEFORE_STAMPING)?;
    let path = history.path_up(&[], target)?;
    for gone in known.iter().filter(|known| !path.iter().any(|revision| revision.id == known.id)) {
        lease.forget(&gone.id).await?;
    }
    record(&mut lease, path).await
}

/// Records revisions as applied.
async fn record(lease: &mut Lease, revisions: Vec<&Revision>) -> Result<Done, Failure> {
    let mut done = Done::default();
    for revision in revisions {
        lease.stamp(&revision.id, &revision.revises, &revision.checksum).await?;
        done.finished.push(revision.id.clone());
    }
    Ok(done)
}

fn new_run<'a>(revision: &'a Revision, direction: Direction, plan: &'a Plan) -> NewRun<'a> {
    NewRun { id: &revision.id, parents: &revision.revises, checksum: &revision.checksum, direction, plan }
}

async fn preflight(lease: &mut Lease, plan: &Plan) -> Result<(), Failure> {
    let failed = lease.preflight(plan).await?;
    if failed.is_empty() { Ok(()) } else { Err(Failure::Preflight { revision: plan.revision.clone(), failed }) }
}

async fn hazards(lease: &mut Lease, id: &RevisionId) -> Result<Vec<Hazard>, Failure> {
    let known = lease.known().await?;
    let plan = known.into_iter().find(|known| known.id == *id).and_then(|known| known.plan);
    Ok(plan.map(|plan| plan.hazards).unwrap_or_default())
}

async fn contract_waiting(lease: &mut Lease, done: &mut Done) -> Result<(), Failure> {
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

async fn still_waiting(lease: &mut Lease, done: &mut Done) -> Result<(), Failure> {
    for known in lease.known().await? {
        if known.state == State::Waiting {
            done.waiting.push((known.id, known.plan.map(|plan| plan.hazards).unwrap_or_default()));
        }
    }
    Ok(())
}

/// Revisions that need no more of expand and backfill.
fn reached(known: &[Known]) -> Vec<RevisionId> {
    known
        .iter()
        .filter(|known| matches!(known.state, State::Applied | State::Waiting))
        .map(|known| known.id.clone())
        .collect()
}

/// Revisions that have been begun.
fn begun(known: &[Known]) -> Vec<RevisionId> {
    known.iter().map(|known| known.id.clone()).collect()
}

/// The book's page on embedding, whose code is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/src/embed.md")]
struct Embedding;
