//! The engine that things happen to: a process of its own, so that it can be killed.

use crate::Broken;
use clap::ValueEnum;
use concertina::{Until, downgrade, history, rollback, upgrade};
use concertina_engine::{Connect, Engine, Rehearse, Settings};
use concertina_planner::Policy;
use concertina_revisions::Target;
use concertina_sandbox::Clock;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::{Child, Command};

/// Which way it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// Up, contracts included.
    Up,
    /// Up, as far as no contract is needed.
    Half,
    /// Down, by reverses.
    Down,
    /// Back, by taking back whatever waits for its contract.
    Back,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_possible_value().ok_or(fmt::Error)?.get_name())
    }
}

/// What the process is told.
#[derive(Debug, Clone, clap::Args)]
pub struct Orders {
    /// The database.
    #[arg(long)]
    pub url: String,
    /// The folder of revisions.
    #[arg(long)]
    pub revisions: PathBuf,
    /// How far.
    #[arg(long)]
    pub to: String,
    /// Which way.
    #[arg(long)]
    pub way: Way,
    /// Whether each revision gets a schema of views.
    #[arg(long)]
    pub versions: bool,
}

impl Orders {
    /// Begins the process. `faults`: the socket on which it tells where it is; `clock`: its wall clock, when it isn't the
    /// machine's.
    ///
    /// # Errors
    ///
    /// When the program can't be started.
    pub fn begin(
        &self,
        program: &Path,
        faults: Option<&Path>,
        clock: Option<&Clock>,
    ) -> Result<Child, Broken> {
        let mut command = Command::new(program);
        command
            .arg("engine")
            .args(["--url", &self.url, "--to", &self.to])
            .arg("--revisions")
            .arg(&self.revisions);
        command
            .args(["--way", &self.way.to_string()])
            .args(self.versions.then_some("--versions"));
        command.envs(faults.map(|socket| ("CONCERTINA_FAULTS", socket)));
        command.envs(clock.map(Clock::environment).into_iter().flatten());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        Ok(command.spawn()?)
    }

    /// What the process does.
    ///
    /// # Errors
    ///
    /// Why the engine stopped.
    pub async fn obey(&self) -> Result<(), Broken> {
        let connect = Connect::parse(&self.url)?;
        let (engine, _stopper) = Engine::new(connect, settings(self.versions), Arc::new(|_| {}));
        let (history, target) = (history(&self.revisions)?, Target::parse(&self.to));
        match self.way {
            Way::Up => drop(upgrade(&engine, &history, &target, Until::Contracted).await?),
            Way::Half => drop(upgrade(&engine, &history, &target, Until::Backfilled).await?),
            Way::Down => {
                let policy = Policy {
                    allow_data_loss: true,
                };
                downgrade(&engine, &history, &target, Until::Contracted, &policy).await?;
            }
            Way::Back => while !rollback(&engine, &history, None).await?.finished.is_empty() {},
        }
        Ok(())
    }
}

/// Small windows and batches, so that small tables have many; short patience, so that trials are
/// short.
fn settings(versions: bool) -> Settings {
    Settings {
        batch_target: Duration::from_millis(1),
        window_blocks: 16,
        passes_max: 3,
        lock_timeout: Duration::from_millis(100),
        lock_budget: Duration::from_mins(1),
        reconnect_budget: Duration::from_mins(1),
        patience: Duration::from_secs(8),
        silence: Duration::from_secs(1),
        versions,
        rehearse: Rehearse::Never,
        ..Settings::default()
    }
}
