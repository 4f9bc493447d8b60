//! The way up: everything that is pending is planned before the first change, and then run one
//! after the other.

use crate::ahead::{Ahead, foresee, sent, told};
use crate::done::{
    Done, begun, contract_waiting, hazards, new_run, preflight, reached, still_waiting,
};
use crate::failure::Failure;
use crate::planted::planted;
use crate::recorded::{self, compare};
use crate::rehearse::{Told, rehearse, rehearse_waiting};
use concertina_engine::{Direction, Engine, Error, Known, Lease, Outcome, State, Until};
use concertina_planner::{Catalog, MayChange, Plan, catalog_after, plan_behind, tried};
use concertina_revisions::{History, Revision, Target};
use std::collections::VecDeque;

/// How often a revision is planned again because rows came in between; the next time there are
/// some.
const PLANNED_AGAIN_MAX: u32 = 3;

/// Plans everything that is pending, against the database as it will be when each one's turn comes.
///
/// # Errors
///
/// Everything that is refused, in all files at once.
pub async fn pending(
    engine: &Engine,
    history: &History,
    target: &Target,
) -> Result<Vec<Plan>, Failure> {
    let known = engine.known().await?;
    compare(history, &known)?;
    let path = history.path_up(&begun(&known), target)?;
    let catalog = once_gone_on(history, &known, engine.catalog_for(&path).await?);
    let mut ahead = foresee(&path, &catalog)?;
    let told = rehearse(engine, None, history, &known, &path, &ahead, &catalog).await?;
    let plans: Vec<&Plan> = ahead.iter().map(|ahead| &ahead.plan).collect();
    let concerns = engine.concerns(&plans, &sent(&ahead, &catalog)).await?;
    if let Some(first) = ahead.first_mut() {
        first.plan.notes.extend(told.notes());
        first.plan.notes.extend(concerns);
    }
    match told.refused {
        Some(refused) => Err(vec![refused].into()),
        None => Ok(ahead.into_iter().map(|ahead| ahead.plan).collect()),
    }
}

/// Runs expand and backfill of every pending revision up to a target, and its contract where nothing is endangered.
/// With [`Until::Contracted`] every contract is run, as when no old version of the application is left.
///
/// # Errors
///
/// Why it ended; what was done stays done.
pub async fn upgrade(
    engine: &Engine,
    history: &History,
    target: &Target,
    until: Until,
) -> Result<Done, Failure> {
    let mut done = Done::default();
    while let Err(error) = Box::pin(upgrade_once(engine, history, target, until, &mut done)).await {
        anew(engine, error)?;
    }
    Ok(done)
}

/// After a failover nothing counts but what is recorded on the new primary, and that is where it
/// begins anew. Each other error ends it.
fn anew(engine: &Engine, error: Failure) -> Result<(), Failure> {
    match error {
        Failure::Engine(error @ Error::FailedOver { .. }) => {
            engine.note(format!("{error}; going on from what is recorded there"));
            Ok(())
        }
        other => Err(other),
    }
}

async fn upgrade_once(
    engine: &Engine,
    history: &History,
    target: &Target,
    until: Until,
    done: &mut Done,
) -> Result<(), Failure> {
    let mut lease = engine.lease().await?;
    let known = lease.known().await?;
    compare(history, &known)?;
    done.keep_recorded(&known);
    recorded::only_up(&known)?;
    let path = history.path_up(&reached(&known), target)?;
    let fresh: Vec<&Revision> = path
        .iter()
        .copied()
        .filter(|revision| !known.iter().any(|known| known.id == revision.id))
        .collect();
    let ahead = plan_ahead(engine, &mut lease, history, &known, &fresh).await?;
    if until == Until::Contracted {
        heeded(
            engine,
            rehearse_waiting(engine, Some(history), &known, None).await?,
        )?;
        contract_waiting(&mut lease, done).await?;
    }
    let is_rehearsed = recorded::in_flight(&known).next().is_none();
    let known = lease.known().await?;
    let ahead = ahead.into();
    let mut way = Way {
        engine,
        history,
        lease: &mut lease,
        known,
        ahead,
        is_rehearsed,
        model: None,
        until,
        done,
    };
    Box::pin(way.run(&path)).await?;
    still_waiting(&mut lease, done).await
}

/// Runs the contract of every revision that waits for it. With the history they are rehearsed before.
///
/// # Errors
///
/// Why it ended; what was done stays done.
pub async fn contract(engine: &Engine, history: Option<&History>) -> Result<Done, Failure> {
    let mut done = Done::default();
    while let Err(error) = Box::pin(contract_once(engine, history, &mut done)).await {
        anew(engine, error)?;
    }
    Ok(done)
}

async fn contract_once(
    engine: &Engine,
    history: Option<&History>,
    done: &mut Done,
) -> Result<(), Failure> {
    let mut lease = engine.lease().await?;
    let known = lease.known().await?;
    done.keep_recorded(&known);
    heeded(
        engine,
        rehearse_waiting(engine, history, &known, None).await?,
    )?;
    contract_waiting(&mut lease, done).await
}

/// Ends with what a rehearsal refuses, and tells the rest.
fn heeded(engine: &Engine, told: Told) -> Result<(), Failure> {
    told.notes().for_each(|note| engine.note(note));
    told.refused
        .map_or(Ok(()), |refused| Err(vec![refused].into()))
}

/// Everything is planned before the first change: a mistake in the last file is no reason to stop
/// half way.
async fn plan_ahead(
    engine: &Engine,
    lease: &mut Lease,
    history: &History,
    known: &[Known],
    fresh: &[&Revision],
) -> Result<Vec<Ahead>, Failure> {
    if fresh.is_empty() {
        // Mostly there is nothing to do, and then nothing is asked.
        return Ok(vec![]);
    }
    let found = lease.catalog_for(fresh).await?;
    let catalog = once_gone_on(history, known, found);
    let ahead = foresee(fresh, &catalog)?;
    Box::pin(lease.subscribers_are_ready(&sent(&ahead, &catalog))).await?;
    Box::pin(understood(lease, fresh, &ahead, &catalog)).await?;
    Box::pin(ask_ahead(lease, fresh, &ahead, &catalog)).await?;
    if recorded::in_flight(known).next().is_some() {
        // What was interrupted, or waits, may leave the database otherwise: each is planned, and
        // rehearsed, when it begins.
        return Ok(vec![]);
    }
    let told = Box::pin(rehearse(
        engine,
        Some(lease),
        history,
        known,
        fresh,
        &ahead,
        &catalog,
    ))
    .await?;
    if let Some(refused) = told.refused {
        if let Some(first) = ahead.first() {
            // What the rows themselves are against says more.
            preflight(lease, &first.plan).await?;
        }
        return Err(vec![refused].into());
    }
    told.notes().for_each(|note| engine.note(note));
    Ok(ahead)
}

/// One run up.
struct Way<'a> {
    engine: &'a Engine,
    history: &'a History,
    lease: &'a mut Lease,
    known: Vec<Known>,
    /// What was planned before the first change, from the next revision on, as long as it came that
    /// way.
    ahead: VecDeque<Ahead>,
    /// Whether everything was rehearsed before the first change.
    is_rehearsed: bool,
    /// The catalog as it is now, where that is known without asking.
    model: Option<Catalog>,
    until: Until,
    done: &'a mut Done,
}

impl Way<'_> {
    async fn run(&mut self, path: &[&Revision]) -> Result<(), Failure> {
        for (at, revision) in path.iter().copied().enumerate() {
            let begun = self.known.iter().any(|known| known.id == revision.id);
            let next = match begun {
                true => Next::GoOn,
                false if recorded::in_flight(&self.known).next().is_none() => {
                    self.at_once(revision, &path[at + 1..]).await?
                }
                false => Next::Begin(None),
            };
            match next {
                Next::Done => {
                    self.done.finished.push(revision.id.clone());
                    continue;
                }
                Next::Begin(plan) => self.begin(revision, plan.map(|plan| *plan)).await?,
                Next::GoOn => {}
            }
            self.ahead.clear();
            self.model = None;
            self.by_phases(revision).await?;
            self.known = self.lease.known().await?;
        }
        Ok(())
    }

    /// Runs a revision in one transaction, if it may be run as it is written.
    async fn at_once(&mut self, revision: &Revision, later: &[&Revision]) -> Result<Next, Failure> {
        for _ in 0..PLANNED_AGAIN_MAX {
            let (found, is_read) = match self.foretold(revision) {
                Some(found) => (found, false),
                None => (
                    Ahead::of(revision, &self.lease.catalog_for(&[revision]).await?)?,
                    true,
                ),
            };
            if !found.plan.is_at_once() {
                return Ok(Next::Begin(is_read.then(|| Box::new(found.plan))));
            }
            preflight(self.lease, &found.plan).await?;
            match self
                .lease
                .run_at_once(&new_run(revision, Direction::Up, &found.plan))
                .await
            {
                Ok(()) => {
                    self.keep(found, later);
                    return Ok(Next::Done);
                }
                // There are rows by now: it is planned for these.
                Err(Error::Outdated { .. }) => self.ahead.clear(),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Next::Begin(None))
    }

    /// What is known of the next revision without asking the database.
    fn foretold(&mut self, revision: &Revision) -> Option<Ahead> {
        let model = self.model.take();
        match self.ahead.pop_front() {
            Some(ahead) => Some(ahead),
            None => Ahead::of(revision, &model?).ok(),
        }
    }

    /// What a revision left is known well enough for later ones where it was foreseen: what takes
    /// them back is derived from it. Where all of them bring that along it only has to be a
    /// database without rows still.
    fn keep(&mut self, done: Ahead, later: &[&Revision]) {
        let written_by_hand =
            done.after.unpopulated && later.iter().all(|revision| revision.down.is_some());
        if !written_by_hand && !done.is_foreseen {
            self.ahead.clear();
        } else if self.ahead.is_empty() {
            self.model = Some(done.after);
        }
    }

    async fn begin(&mut self, revision: &Revision, planned: Option<Plan>) -> Result<(), Failure> {
        let plan = match planned {
            Some(plan) => plan,
            None => {
                let waiting = self
                    .known
                    .iter()
                    .filter(|known| known.state == State::Waiting);
                let waiting: Vec<Plan> = waiting.filter_map(|known| known.plan.clone()).collect();
                let catalog = self.lease.catalog_for(&[revision]).await?;
                let plan = planted(plan_behind(revision, &catalog, &waiting)?);
                // What stood behind others can be read only now.
                let tried: Vec<_> = tried(&[revision], &catalog).into_iter().flatten().collect();
                let wrong = self.lease.refused(&tried).await?;
                if !wrong.is_empty() {
                    return Err(wrong
                        .iter()
                        .map(|refused| told(revision, refused))
                        .collect::<Vec<_>>()
                        .into());
                }
                plan
            }
        };
        if !self.is_rehearsed {
            Box::pin(self.rehearsed(revision, &plan)).await?;
        }
        preflight(self.lease, &plan).await?;
        if matches!(self.until, Until::Contracted) {
            // Contract comes at once, and nobody is asked before.
            for hazard in &plan.hazards {
                self.engine.note(format!(
                    "{} {}, statement {}: {}",
                    revision.id, hazard.code, hazard.statement, hazard.message
                ));
            }
        }
        Ok(self
            .lease
            .begin(&new_run(revision, Direction::Up, &plan))
            .await?)
    }

    /// Rehearses a revision that couldn't be before the first change, as it is about to begin.
    async fn rehearsed(&mut self, revision: &Revision, plan: &Plan) -> Result<(), Failure> {
        let told = if recorded::in_flight(&self.known).next().is_some() {
            rehearse_waiting(
                self.engine,
                Some(self.history),
                &self.known,
                Some((revision, plan)),
            )
            .await?
        } else {
            let catalog = self.lease.catalog_for(&[revision]).await?;
            let ahead = [Ahead::planned(revision, plan.clone(), &catalog)];
            rehearse(
                self.engine,
                Some(self.lease),
                self.history,
                &self.known,
                &[revision],
                &ahead,
                &catalog,
            )
            .await?
        };
        heeded(self.engine, told)
    }

    async fn by_phases(&mut self, revision: &Revision) -> Result<(), Failure> {
        let behind = self
            .known
            .iter()
            .any(|known| known.state == State::Waiting && known.id != revision.id);
        let until = match self.until {
            Until::Contracted => Until::Contracted,
            _ if behind => Until::Behind,
            _ if hazards(self.lease, &revision.id).await?.is_empty() => Until::Contracted,
            _ => Until::Backfilled,
        };
        match self.lease.run(&revision.id, until).await {
            Ok(Outcome::Done) => self.done.finished.push(revision.id.clone()),
            Ok(Outcome::WaitingForContract) => {}
            Err(error @ Error::Outdated { .. }) => {
                // What it has done is undone, so that it can be planned for rows.
                self.lease.undo(&revision.id).await?;
                return Err(error.into());
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// What comes next of a revision.
enum Next {
    /// Nothing: it is done.
    Done,
    /// It begins, by this plan where it is known.
    Begin(Option<Box<Plan>>),
    /// It was begun.
    GoOn,
}

/// The catalog as it will be once what was interrupted has gone on: some of its steps may be done,
/// and some not.
fn once_gone_on(history: &History, known: &[Known], catalog: Catalog) -> Catalog {
    let interrupted = known.iter().filter(|known| {
        known.direction == Direction::Up
            && matches!(known.state, State::Running | State::Contracting)
    });
    let revisions = interrupted.filter_map(|known| history.get(&known.id));
    revisions.fold(catalog, |catalog, revision| {
        catalog_after(revision, &catalog)
    })
}

/// Has PostgreSQL read what it can of all revisions. What runs in one transaction is refused there
/// as a whole.
async fn understood(
    lease: &mut Lease,
    path: &[&Revision],
    ahead: &[Ahead],
    catalog: &Catalog,
) -> Result<(), Failure> {
    let mut wrong = Vec::new();
    for ((revision, ahead), tried) in path.iter().zip(ahead).zip(tried(path, catalog)) {
        if !ahead.plan.is_at_once() {
            wrong.extend(
                lease
                    .refused(&tried)
                    .await?
                    .iter()
                    .map(|refused| told(revision, refused)),
            );
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.into())
    }
}

/// Asks the questions of later revisions before the first has run, where nothing that comes before
/// can change the answer.
async fn ask_ahead(
    lease: &mut Lease,
    path: &[&Revision],
    ahead: &[Ahead],
    catalog: &Catalog,
) -> Result<(), Failure> {
    let mut before = MayChange::default();
    for (at, (revision, ahead)) in path.iter().zip(ahead).enumerate() {
        let mut checks: Vec<_> = ahead.plan.preflight.iter().collect();
        // The first one's are asked when it begins.
        checks.retain(|check| at > 0 && !before.concerns(revision, check.statement, catalog));
        before.add(revision, catalog);
        let failed = lease.preflight_ahead(&checks).await?;
        if !failed.is_empty() {
            return Err(Failure::Preflight {
                revision: revision.id.clone(),
                failed,
            });
        }
    }
    Ok(())
}
