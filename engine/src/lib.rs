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
//! The ground floor, which every room may use and which uses none: [`Settings`], [`Event`], [`Error`], `state`, `place`, `hours`,
//! `retry`, `stop`, `tid`. The rooms, each of which uses only those before it: `connection`: getting in, with limits on every
//! session · `checkpoint`, `structure`: our own tables, and everything that a schema holds · `inspect`: looking without
//! changing · `lock`: one engine at a time, and locks that make nobody wait · `throttle`: when to go slower · `backfill`: rows in
//! batches, and what to expect of them · `run`: the loop, what comes next, the manners of working, the way back · `rehearsal`,
//! `compare`: plans and structures in scratch databases · `script`: the same plan for psql.

mod backfill;
mod checkpoint;
mod compare;
mod config;
mod connection;
mod error;
mod event;
mod hours;
mod inspect;
mod lock;
mod place;
mod rehearsal;
mod retry;
mod run;
mod script;
mod state;
mod stop;
mod structure;
mod throttle;
mod tid;
mod unfilled;

pub use backfill::estimate::Estimate;
pub use checkpoint::Known;
pub use compare::Comparison;
pub use config::{Rehearse, Settings};
pub use connection::address::{Connect, Passwords, Place};
pub use connection::engine::Engine;
pub use error::Error;
pub use event::{Blocker, Event, Events, Progress, Unfilled};
pub use hours::Hours;
pub use inspect::doctor::{Finding, Severity};
pub use inspect::isolation::{Isolation, Untried};
pub use inspect::other_tools::Elsewhere;
pub use lock::lease::Lease;
pub use rehearsal::{Act, Ground, Objection, Rehearsed};
pub use run::next::Until;
pub use run::preflight::FailedCheck;
pub use run::tried::Refused;
pub use run::{NewRun, Outcome};
pub use script::script;
pub use state::{BackfillStatus, Direction, State};
pub use stop::Stopper;

use concertina_planner::sent::Sent;
use concertina_planner::{Catalog, Needs, Plan};
use concertina_revisions::{Revision, RevisionId};
use connection::session::{Role, Session};

impl Engine {
    /// A reader of a server that can be written, too.
    async fn writer(&self) -> Result<Session, Error> {
        let session = self.reader().await?;
        lock::lease::refuse_standby(&session, &self.connect).await?;
        Ok(session)
    }

    /// The revisions that the database has, in the order in which they came. Changes nothing.
    ///
    /// # Errors
    ///
    /// When the database can't be reached or read.
    pub async fn known(&self) -> Result<Vec<Known>, Error> {
        checkpoint::known(&self.reader().await?).await
    }

    /// What the database holds, and of every table whether it holds a row. Changes nothing.
    ///
    /// # Errors
    ///
    /// When the database can't be reached or read.
    pub async fn catalog(&self) -> Result<Catalog, Error> {
        inspect::catalog::load_all(&self.reader().await?, self.settings.versions).await
    }

    /// What the database holds, and which tables hold no row as far as these revisions need to know. Changes nothing.
    ///
    /// # Errors
    ///
    /// When the database can't be reached or read.
    pub async fn catalog_for(&self, revisions: &[&Revision]) -> Result<Catalog, Error> {
        inspect::catalog::load_for(&self.reader().await?, self.settings.versions, revisions).await
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
        let Some(plan) = checkpoint::one(&session, id)
            .await?
            .and_then(|known| known.plan)
        else {
            return Ok(vec![]);
        };
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
        backfill::estimate::estimate(&session, plan, self.settings.workers).await
    }

    /// What of the connected role's rights, and of what surrounds the database, somebody should know before plans are run. Changes nothing.
    ///
    /// # Errors
    ///
    /// When the database can't be reached or read.
    pub async fn concerns(&self, plans: &[&Plan], sent: &[Sent]) -> Result<Vec<String>, Error> {
        let session = self.reader().await?;
        let mut all = Needs::default();
        plans.iter().for_each(|plan| all.add(plan.needs()));
        let mut told = Vec::new();
        match inspect::rights::missing(&session, &all).await {
            Err(error @ Error::Rights { .. }) => told.push(format!("{error}: {}", error.help())),
            asked => asked?,
        }
        told.extend(inspect::subscribers::need(&session, sent).await?);
        if all.backfills {
            let mut findings = inspect::doctor::of_backfills(&session).await?;
            findings.extend(inspect::connections::too_few(&session, &self.settings).await?);
            told.extend(
                findings
                    .iter()
                    .map(|finding| format!("{}: {}", finding.what, finding.remedy)),
            );
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
        Box::pin(Lease::take(
            self.connect.clone(),
            self.settings.clone(),
            self.events.clone(),
            self.stop.clone(),
        ))
        .await
    }
}
