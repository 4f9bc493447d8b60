//! For services that bring their own revisions along, and run them when they start: one value that
//! holds the database, the history and the limits.

use crate::done::{Done, new_run, preflight};
use crate::failure::Failure;
use crate::recorded::JOB;
use concertina_engine::{Connect, Direction, Engine, Event, Settings, Stopper, Until};
use concertina_planner::{Policy, plan};
use concertina_revisions::{History, Revision, RevisionId, Source, Target};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Runs a history on a database.
pub struct Runner {
    engine: Engine,
    history: History,
    stopper: Stopper,
    progress: Option<UnboundedReceiver<Event>>,
}

/// A runner in the making.
pub struct Builder {
    url: String,
    sources: Vec<Source>,
    folder: Option<PathBuf>,
    settings: Settings,
}

impl Builder {
    /// Revisions in a folder.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Builder {
        self.folder = Some(folder.into());
        self
    }

    /// A revision in the program itself:
    /// `revision("001_leads", include_str!("../revisions/001_leads.sql"))`.
    #[must_use]
    pub fn revision(mut self, id: &str, sql: &str) -> Builder {
        self.sources.push(Source::new(format!("{id}.sql"), sql));
        self
    }

    /// The limits.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Builder {
        self.settings = Settings {
            patience: self.settings.patience.max(settings.patience),
            ..settings
        };
        self
    }

    /// How long to wait for another engine that is at work: other instances of the service, which
    /// start at the same time. Ten minutes when nothing is said.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Builder {
        self.settings.patience = patience;
        self
    }

    /// The runner. Nothing is sent to the database yet.
    ///
    /// # Errors
    ///
    /// When the URL or a revision can't be read.
    pub fn build(mut self) -> Result<Runner, Failure> {
        if let Some(folder) = &self.folder {
            self.sources.extend(concertina_revisions::read(folder)?);
        }
        let history = History::parse(self.sources)?;
        let (sender, progress) = unbounded_channel();
        // Nobody may be listening.
        let events = Arc::new(move |event| drop(sender.send(event)));
        let (engine, stopper) = Engine::new(Connect::parse(&self.url)?, self.settings, events);
        Ok(Runner {
            engine,
            history,
            stopper,
            progress: Some(progress),
        })
    }
}

impl Runner {
    /// Begins with a database: `postgres://user@host/database`.
    pub fn builder(url: &str) -> Builder {
        Builder {
            url: url.to_owned(),
            sources: vec![],
            folder: None,
            settings: Settings::default(),
        }
        .patience(Duration::from_mins(10))
    }

    /// Asks a run to end after the batch in hand: it can be handed to whoever knows that the
    /// service is to stop. What is done stays done, and the next run goes on from there.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// What happens, as it happens, for as long as the runner is there. The first call has it.
    pub fn progress(&mut self) -> Option<UnboundedReceiver<Event>> {
        self.progress.take()
    }

    /// Runs expand and backfill of everything that is pending, and contract where nothing is endangered. What waits is
    /// told: the service of a new version may start, and [`Runner::contract`] comes when the old one is gone.
    ///
    /// # Errors
    ///
    /// Why it ended; what was done stays done.
    pub async fn upgrade(&self) -> Result<Done, Failure> {
        crate::up::upgrade(
            &self.engine,
            &self.history,
            &Target::Head,
            Until::Backfilled,
        )
        .await
    }

    /// Runs the contract of everything that waits.
    ///
    /// # Errors
    ///
    /// Why it ended; what was done stays done.
    pub async fn contract(&self) -> Result<Done, Failure> {
        crate::up::contract(&self.engine, Some(&self.history)).await
    }

    /// Takes back what is in flight, the newest first.
    ///
    /// # Errors
    ///
    /// Why it ended; what was taken back stays so.
    pub async fn rollback(&self) -> Result<Done, Failure> {
        crate::down::rollback(&self.engine, &self.history, None).await
    }

    /// Goes down to a revision, or `base`, and through the contracts on the way.
    ///
    /// # Errors
    ///
    /// Why it ended; what was done stays done.
    pub async fn downgrade(&self, target: &str, policy: &Policy) -> Result<Done, Failure> {
        let target = Target::parse(target);
        crate::down::downgrade(
            &self.engine,
            &self.history,
            &target,
            Until::Contracted,
            policy,
        )
        .await
    }

    /// A backfill, or other work, that is no part of the history: run under the same limits, and gone on with when it was
    /// interrupted and is called again by the same name. It leaves no record when it is done.
    ///
    /// # Errors
    ///
    /// When planning refuses the SQL, other SQL of the same name is under way, or why it ended.
    pub async fn job(&self, name: &str, sql: &str) -> Result<(), Failure> {
        let id = RevisionId::new(format!("{JOB}{name}"));
        let job = Revision::from_text(&id, sql)?;
        let mut lease = self.engine.lease().await?;
        match lease.known().await?.iter().find(|known| known.id == id) {
            Some(known) if known.checksum != job.checksum => {
                let help =
                    "finish that first, with the SQL it was begun with, or take another name";
                return Err(Failure::usage(
                    format!("other work of the name {name} is under way"),
                    help,
                ));
            }
            Some(_) => {}
            None => {
                let plan = plan(&job, &lease.catalog_for(&[&job]).await?)?;
                preflight(&mut lease, &plan).await?;
                lease.begin(&new_run(&job, Direction::Up, &plan)).await?;
            }
        }
        lease.run(&id, Until::Contracted).await?;
        Ok(lease.forget(&id).await?)
    }
}
