//! Runs a plan on a live PostgreSQL: short locks, small batches, and a record of every step in the database itself.
//!
//! ```no_run
//! # async fn example(plan: &concertina_planner::Plan, id: &concertina_revisions::RevisionId) -> Result<(), concertina_engine::Error> {
//! use concertina_engine::{Connect, Direction, Engine, NewRun, Settings, Until};
//! use std::sync::Arc;
//!
//! let connect = Connect::parse("postgres://app@localhost/shop")?;
//! let (engine, _stopper) = Engine::new(connect, Settings::default(), Arc::new(|event| println!("{event:?}")));
//! let mut lease = engine.lease().await?;
//! let checksum = concertina_revisions::Checksum(String::new());
//! lease.begin(&NewRun { id, parents: &[], checksum: &checksum, direction: Direction::Up, plan }).await?;
//! lease.run(id, Until::Backfilled).await?;
//! # Ok(()) }
//! ```
//!
//! # Layout
//!
//! [`Connect`], `tls` and `session`: getting in, with limits on every connection · `lease`: one engine at a time ·
//! `preflight`, `tried`: before the first change · `run`: the loop, `life`: what comes next (pure), `undo`: the way back · `quick`, `slow`, `backfill`: the three manners of working · `as_written`: statements where there are no rows ·
//! `ladder`, `blockers`: asking for locks without making others wait · `proof`: asking the catalog what is done ·
//! `checkpoint`: our own tables · `throttle`: when to go slower · `estimate`: what to expect · [`Event`]: what happens, as data.

mod abandon;
mod as_written;
mod backfill;
mod blockers;
mod catalog;
mod checkpoint;
mod compare;
mod config;
mod connect;
mod detach;
mod doctor;
mod elsewhere;
mod error;
mod estimate;
mod event;
mod fault;
mod isolation;
mod ladder;
mod lease;
mod life;
mod preflight;
mod proof;
mod quick;
mod rehearsal;
mod replicas;
mod rights;
mod run;
mod script;
mod session;
mod slow;
mod stop;
mod structure;
mod throttle;
mod tid;
mod tls;
mod tried;
mod undo;
mod unfilled;

pub use checkpoint::{Direction, Known, State};
pub use compare::Comparison;
pub use config::{Rehearse, Settings};
pub use connect::{Connect, Passwords, Place};
pub use doctor::{Finding, Severity};
pub use elsewhere::Elsewhere;
pub use error::Error;
pub use estimate::Estimate;
pub use event::{Blocker, Event, Events, Progress};
pub use isolation::{Isolation, Untried};
pub use lease::Lease;
pub use life::Until;
pub use preflight::FailedCheck;
pub use rehearsal::{Act, Ground, Objection, Rehearsed};
pub use run::{NewRun, Outcome};
pub use script::script;
pub use stop::Stopper;
pub use throttle::Hours;
pub use tried::Refused;
pub use unfilled::Unfilled;

use concertina_planner::{Catalog, Needs, OLDEST_SERVER, Plan};
use concertina_revisions::{Revision, RevisionId};
use session::{Role, Session};
use std::time::{Duration, Instant};
use stop::Stop;

/// How long a server that takes no connections is left alone.
const RETRY_AFTER: Duration = Duration::from_millis(250);

/// A database that may be looked at, and a way to get the right to change it.
pub struct Engine {
    connect: Connect,
    settings: Settings,
    events: Events,
    stop: Stop,
}

/// How far a backfill that is under way has come.
#[derive(Debug, Clone, serde::Serialize)]
pub struct BackfillStatus {
    /// The step.
    pub step: String,
    /// Rows changed so far.
    pub rows: i64,
    /// Share of the blocks that are behind us, from 0 to 1.
    pub share: f64,
    /// Why it doesn't go at full speed, as last told.
    pub throttle: Option<String>,
}

impl Engine {
    /// An engine for a database. The stopper asks its runs to end after the batch in hand.
    pub fn new(connect: Connect, settings: Settings, events: Events) -> (Engine, Stopper) {
        let (stopper, stop) = Stopper::pair();
        (Engine { connect, settings, events, stop }, stopper)
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Tells whoever listens something worth knowing.
    pub fn note(&self, text: String) {
        (self.events)(Event::Note { text });
    }

    async fn reader(&self) -> Result<Session, Error> {
        self.settings.check().map_err(Error::State)?;
        let session = Session::open(&self.connect, Role::Reader, &self.settings).await?;
        let sql = "SELECT current_setting('server_version_num')::int, current_setting('server_version')";
        let row = session.query_one("asking the server's version", sql, &[]).await?;
        let number: i32 = row.get(0);
        if u32::try_from(number).is_ok_and(|number| number >= OLDEST_SERVER) {
            return Ok(session);
        }
        Err(Error::TooOld { version: row.get(1) })
    }

    /// A reader of a server that can be written, too.
    async fn writer(&self) -> Result<Session, Error> {
        let session = self.reader().await?;
        lease::refuse_standby(&session, &self.connect).await?;
        Ok(session)
    }

    /// Waits until the server takes connections; it may be starting, or not there yet.
    ///
    /// # Errors
    ///
    /// What it says last, when it has taken none for so long; at once when it refuses for another reason.
    pub async fn wait(&self, at_most: Duration) -> Result<(), Error> {
        let began = Instant::now();
        loop {
            match self.reader().await {
                Ok(_) => return Ok(()),
                Err(error) if error.may_pass() && began.elapsed() < at_most => tokio::time::sleep(RETRY_AFTER).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// The revisions that the database has, in the order in which they came. Changes nothing.
    ///
    /// # Errors
    ///
    /// When the database can't be reached or read.
    pub async fn known(&self) -> Result<Vec<Known>, Error> {
        known(&self.reader().await?).await
    }

    /// What the database holds, and of every table whether it holds a row. Changes nothing.
    ///
    /// # Errors
    ///
    /// When the database can't be reached or read.
    pub async fn catalog(&self) -> Result<Catalog, Error> {
        catalog::load_all(&self.reader().await?, self.settings.versions).await
    }

    /// What the database holds, and which tables hold no row as far as these revisions need to know. Changes nothing.
    ///
    /// # Errors
    ///
    /// When the database can't be reached or read.
    pub async fn catalog_for(&self, revisions: &[&Revision]) -> Result<Catalog, Error> {
        catalog::load_for(&self.reader().await?, self.settings.versions, revisions).await
    }

    /// How far the backfills of a revision are. Changes nothing.
    ///
    /// # Errors
    ///
    /// When the database can't be reached or read.
    pub async fn backfills(&self, id: &RevisionId) -> Result<Vec<BackfillStatus>, Error> {
        let session = self.reader().await?;
        let rows = checkpoint::progress_rows(&session, id).await?;
        Ok(rows)
    }

    /// For how many writes of the application the sync triggers of a revision had no value. Changes nothing.
    ///
    /// # Errors
    ///
    /// When the database can't be reached or read.
    pub async fn unfilled(&self, id: &RevisionId) -> Result<Vec<Unfilled>, Error> {
        let session = self.reader().await?;
        let Some(plan) = checkpoint::one(&session, id).await?.and_then(|known| known.plan) else { return Ok(vec![]) };
        unfilled::of_plan(&session, &plan).await
    }

    /// What to expect of a plan's online work on this database. It samples the tables by reading, and by changing a few
    /// rows into what they are and rolling back.
    ///
    /// # Errors
    ///
    /// When the database can't be reached or read.
    pub async fn estimate(&self, plan: &Plan) -> Result<Vec<Estimate>, Error> {
        let session = Session::open(&self.connect, Role::Sampler, &self.settings).await?;
        estimate::estimate(&session, plan, self.settings.workers).await
    }

    /// What of the connected role's rights, and of what surrounds the database, somebody should know before plans are run. Changes nothing.
    ///
    /// # Errors
    ///
    /// When the database can't be reached or read.
    pub async fn concerns(&self, plans: &[&Plan]) -> Result<Vec<String>, Error> {
        let session = self.reader().await?;
        let mut all = Needs::default();
        for needs in plans.iter().map(|plan| plan.needs()) {
            all.schemas.extend(needs.schemas);
            all.references.extend(needs.references);
            all.backfills |= needs.backfills;
        }
        let mut told = Vec::new();
        match rights::missing(&session, &all).await {
            Err(error @ Error::Rights { .. }) => told.push(format!("{error}: {}", error.help())),
            asked => asked?,
        }
        if all.backfills {
            let findings = doctor::of_backfills(&session).await?;
            told.extend(findings.iter().map(|finding| format!("{}: {}", finding.what, finding.remedy)));
        }
        Ok(told)
    }

    /// Lets every backfill of the database stand still, whoever runs it, until [`Engine::resume`]; `reason` is shown.
    ///
    /// # Errors
    ///
    /// When nothing was ever run here, or the database can't be written.
    pub async fn pause(&self, reason: &str) -> Result<(), Error> {
        checkpoint::set_paused(&self.writer().await?, Some(reason)).await
    }

    /// Lets backfills go on.
    ///
    /// # Errors
    ///
    /// As [`Engine::pause`].
    pub async fn resume(&self) -> Result<(), Error> {
        checkpoint::set_paused(&self.writer().await?, None).await
    }

    /// Takes the right to change the database; makes schema `concertina` there when it is missing.
    ///
    /// # Errors
    ///
    /// When the database can't be reached, is too old, is behind a pooler in transaction mode, or another engine is
    /// at work.
    pub async fn lease(&self) -> Result<Lease, Error> {
        drop(self.reader().await?);
        Box::pin(Lease::take(self.connect.clone(), self.settings.clone(), self.events.clone(), self.stop.clone())).await
    }
}

/// The revisions that the database has; none where our schema isn't there yet.
async fn known(session: &Session) -> Result<Vec<Known>, Error> {
    if checkpoint::exists(session).await? { checkpoint::all(session).await } else { Ok(vec![]) }
}
