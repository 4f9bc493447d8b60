//! One life of a scenario under a schedule: run, struck, run again until it ends well, and looked
//! at.

use crate::Broken;
use crate::application::Application;
use crate::dealer::{Dealer, Writes};
use crate::director::Point;
use crate::fault::{Fault, Replication, Schedule};
use crate::oracle::{self, Ending};
use crate::play::{Ended, Play, SETTINGS};
use crate::scenario::Scenario;
use crate::standby::Standby;
use crate::subject::Way;
use crate::summary::Summary;
use concertina_sandbox::Postgres;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long each of the application's writers rests between its turns.
const REST: Duration = Duration::from_millis(3);

/// The same where each point has a trial of its own: most of the machine is left to the engine.
const LONG_REST: Duration = Duration::from_millis(15);

/// A server with the databases of one scenario.
pub struct Stage<'a> {
    scenario: &'a Scenario,
    program: PathBuf,
    server: Postgres,
    /// How it ends when nothing happens.
    calm: Ending,
    /// The points that a calm run passes, with how often.
    pub passed: BTreeMap<Point, usize>,
    /// The statements of the calm run that wrote nothing.
    looks: BTreeSet<String>,
    /// Trials so far, for the names of databases.
    trials: usize,
}

impl<'a> Stage<'a> {
    /// Starts a server, and runs the scenario once while nothing happens. `program`: the one with verb `engine`.
    ///
    /// # Errors
    ///
    /// When that doesn't end well.
    pub async fn set(scenario: &'a Scenario, program: &Path) -> Result<Stage<'a>, Broken> {
        let mut server = Postgres::start(&SETTINGS).await?;
        Box::pin(scenario.found(&server, "start")).await?;
        let before = match scenario.way {
            Way::Down => Some(Way::Up),
            Way::Back => Some(Way::Half),
            Way::Up | Way::Half => None,
        };
        if let Some(way) = before {
            let mut play = Play::new(&server, program, scenario, "start", None).await?;
            (play.orders.way, play.orders.to) = (way, scenario.top.clone());
            play.run(&mut server, &mut Dealer::Calm).await?.well()?;
        }
        server.create_database("calm", Some("start")).await?;
        let mut play = Play::new(&server, program, scenario, "calm", None).await?;
        let mut dealer = Dealer::Watching {
            passed: BTreeMap::new(),
            writes: Writes::default(),
        };
        play.run(&mut server, &mut dealer).await?.well()?;
        let Dealer::Watching { passed, writes } = dealer else {
            return Err("another dealer".into());
        };
        let calm = oracle::ending(&server, "calm", scenario).await?;
        let looks = writes.looks(&passed);
        Ok(Stage {
            scenario,
            program: program.to_owned(),
            server,
            calm,
            passed,
            looks,
            trials: 0,
        })
    }

    /// Where an end is unlike the one at another point. One after a statement is the same as one
    /// before the next; and one before a statement that writes nothing the same as one before the
    /// next that does, as everything that lasts is in the database.
    pub fn ends(&self) -> Vec<Point> {
        let ends = self
            .passed
            .keys()
            .filter(|point| !point.answered && !self.looks.contains(&point.name));
        ends.cloned().collect()
    }

    /// A trial by a schedule.
    ///
    /// # Errors
    ///
    /// When the machine doesn't play along.
    pub async fn trial(&mut self, schedule: &Schedule) -> Result<Summary, Broken> {
        self.resting(schedule, REST).await
    }

    async fn resting(&mut self, schedule: &Schedule, rest: Duration) -> Result<Summary, Broken> {
        let told = format!("{}: {schedule}", self.scenario.shown());
        self.live(Dealer::by(schedule), schedule.replication, rest, &told)
            .await
    }

    /// A trial for each of [`Stage::ends`]: the engine is killed there, the first time.
    ///
    /// # Errors
    ///
    /// When the machine doesn't play along.
    pub async fn killed_at_each_alone(&mut self) -> Result<Summary, Broken> {
        let mut all = Summary::default();
        for point in self.ends() {
            all += self
                .resting(&Schedule::once(&point, Fault::Kill), LONG_REST)
                .await?;
        }
        Ok(all)
    }

    /// A trial in which the engine is killed at every such point that it passes, once, and goes on from there to the next.
    ///
    /// # Errors
    ///
    /// When the machine doesn't play along.
    pub async fn killed_at_each(&mut self) -> Result<Summary, Broken> {
        let told = format!("{}: killed at each point", self.scenario.shown());
        let dealer = Dealer::KillAtEach {
            seen: BTreeSet::new(),
            looks: self.looks.clone(),
            writes: Writes::default(),
        };
        self.live(dealer, Replication::None, REST, &told).await
    }

    async fn live(
        &mut self,
        mut dealer: Dealer,
        replication: Replication,
        rest: Duration,
        told: &str,
    ) -> Result<Summary, Broken> {
        self.trials += 1;
        let database = format!("trial_{}", self.trials);
        self.server
            .create_database(&database, Some("start"))
            .await?;
        let standby = Standby::of(&self.server, replication, &SETTINGS).await?;
        let mut play = Play::new(
            &self.server,
            &self.program,
            self.scenario,
            &database,
            standby,
        )
        .await?;
        // A kill at each point is about the engine alone; it is quicker without an application.
        let applied = self.scenario.application && matches!(dealer, Dealer::By { .. });
        play.application = applied
            .then(|| Application::start(&self.server, &database, self.scenario.ends_inserts, rest));
        let mut summary = Summary {
            scenarios: 1,
            ..Summary::default()
        };
        let mut violations = self.run_to_its_end(&mut play, &mut dealer).await?;
        let crashed = play.dealt.iter().any(|fault| fault.ends_server());
        if let Some(application) = play.application.take() {
            let remembered = application.stop().await;
            summary.writes = remembered.acknowledged;
            violations.extend(
                remembered
                    .failed
                    .iter()
                    .map(|failed| format!("a query of the application failed: {failed}")),
            );
            if remembered.cut > 0 && !crashed {
                violations.push(format!(
                    "{} queries of the application were cut",
                    remembered.cut
                ));
            }
            let client = self.server.connect(&database).await?;
            violations.extend(remembered.wrong(&client).await?);
        }
        violations.extend(
            oracle::violations(&self.server, &database, self.scenario, &self.calm, !applied)
                .await?,
        );
        for fault in &play.dealt {
            *summary.faults.entry(*fault).or_default() += 1;
        }
        play.retire_standby(&self.server).await?;
        drop(play);
        if violations.is_empty() {
            self.server.drop_database(&database).await?;
        }
        summary.violations = violations
            .into_iter()
            .map(|violation| format!("{told}: {violation}"))
            .collect();
        Ok(summary)
    }

    /// Runs the engine until it ends well, and then once more. What of that doesn't hold.
    async fn run_to_its_end(
        &mut self,
        play: &mut Play,
        dealer: &mut Dealer,
    ) -> Result<Vec<String>, Broken> {
        let mut violations = Vec::new();
        let mut runs = 0;
        loop {
            let dealt = play.dealt.len();
            let ended = play.run(&mut self.server, dealer).await?;
            runs += 1;
            match ended {
                Ended::Well => break,
                // An error without a reason, or no end of them.
                Ended::Badly(why)
                    if play.dealt.len() == dealt && play.lasting == 0
                        || runs > dealer.runs_max() =>
                {
                    violations.push(format!("run {runs} ended with: {why}"));
                    break;
                }
                Ended::Hung(why) => violations.push(why),
                Ended::Badly(_) => play.lasting = play.lasting.saturating_sub(1),
            }
        }
        play.others.gone().await;
        play.second.wait().await;
        if let Ended::Badly(why) | Ended::Hung(why) =
            play.run(&mut self.server, &mut Dealer::Calm).await?
        {
            violations.push(format!("a run that has nothing to do ended with: {why}"));
        }
        Ok(violations)
    }
}
