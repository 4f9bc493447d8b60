//! One life of a scenario under a schedule: run, struck, run again until it ends well, and looked at.

use crate::Broken;
use crate::application::Application;
use crate::director::{Asked, Director, Point};
use crate::fault::{Dealt, Fault, Schedule};
use crate::oracle::{self, Ending};
use crate::others::{Others, administer};
use crate::scenario::Scenario;
use crate::subject::{Orders, Way};
use crate::summary::Summary;
use concertina_sandbox::{Clock, Postgres, Proxy};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

/// Settings of the servers.
const SETTINGS: [(&str, &str); 3] = [("fsync", "off"), ("autovacuum_naptime", "1s"), ("deadlock_timeout", "500ms")];

/// The longest that one run of the engine may take, with all that happens to it.
const RUN_MAX: Duration = Duration::from_mins(3);

/// So often the engine is run until it ends well.
const RUNS_MAX: usize = 12;

/// Ten years, in seconds.
const JUMP: i64 = 10 * 365 * 86_400;

/// A suspended machine sleeps for longer than our sessions may be idle in a transaction.
const FROZEN: Duration = Duration::from_secs(11);

/// A server with the databases of one scenario.
pub struct Stage<'a> {
    scenario: &'a Scenario,
    program: PathBuf,
    server: Postgres,
    /// How it ends when nothing happens.
    calm: Ending,
    /// The points that a calm run passes, with how often.
    pub passed: BTreeMap<Point, usize>,
    /// Trials so far, for the names of databases.
    trials: usize,
}

/// How a run of the engine ended.
enum Ended {
    Well,
    /// With an error, or killed.
    Badly(String),
}

/// What decides about each point.
enum Dealer {
    /// Nothing happens.
    Calm,
    /// What a schedule says, in its order.
    By { schedule: Vec<Dealt>, passed: BTreeMap<Point, usize> },
    /// The engine is killed at every point once, one after the other.
    KillAtEach { seen: BTreeSet<String> },
}

impl<'a> Stage<'a> {
    /// Starts a server, and runs the scenario once while nothing happens. `program`: the one with verb `engine`.
    ///
    /// # Errors
    ///
    /// When that doesn't end well.
    pub async fn set(scenario: &'a Scenario, program: &Path) -> Result<Stage<'a>, Broken> {
        let server = Postgres::start(&SETTINGS).await?;
        scenario.found(&server, "start").await?;
        let calm = Ending::default();
        let mut stage =
            Stage { scenario, program: program.to_owned(), server, calm, passed: BTreeMap::new(), trials: 0 };
        let before = match scenario.way {
            Way::Down => Some(Way::Up),
            Way::Back => Some(Way::Half),
            Way::Up | Way::Half => None,
        };
        if let Some(way) = before {
            let mut play = stage.play("start").await?;
            (play.orders.way, play.orders.to) = (way, scenario.top.clone());
            play.run(&mut stage, &mut Dealer::Calm).await?.well()?;
        }
        stage.server.create_database("calm", Some("start")).await?;
        let mut play = stage.play("calm").await?;
        let mut dealer = Dealer::By { schedule: vec![], passed: BTreeMap::new() };
        play.run(&mut stage, &mut dealer).await?.well()?;
        if let Dealer::By { passed, .. } = dealer {
            stage.passed = passed;
        }
        stage.calm = oracle::ending(&stage.server, "calm", scenario).await?;
        Ok(stage)
    }

    /// A trial by a schedule.
    ///
    /// # Errors
    ///
    /// When the machine doesn't play along.
    pub async fn trial(&mut self, schedule: &Schedule) -> Result<Summary, Broken> {
        let dealer = Dealer::By { schedule: schedule.0.clone(), passed: BTreeMap::new() };
        let told = format!("{}: {schedule}", self.scenario.shown());
        self.live(dealer, &told).await
    }

    /// A trial for each point that a calm run passes: the engine is killed there, the first time. An end after a statement is the
    /// same as one before the next, and one before a statement that only looks the same as one before the next that doesn't.
    ///
    /// # Errors
    ///
    /// When the machine doesn't play along.
    pub async fn killed_at_each_alone(&mut self) -> Result<Summary, Broken> {
        let points = self.passed.keys().filter(|point| !point.answered && !point.is_watching());
        let points: Vec<Point> = points.cloned().collect();
        let mut all = Summary::default();
        for point in points {
            all += self.trial(&Schedule::once(&point, Fault::Kill)).await?;
        }
        Ok(all)
    }

    /// A trial in which the engine is killed at every point that it passes, once, and goes on from there to the next.
    ///
    /// # Errors
    ///
    /// When the machine doesn't play along.
    pub async fn killed_at_each(&mut self) -> Result<Summary, Broken> {
        let told = format!("{}: killed at each point", self.scenario.shown());
        self.live(Dealer::KillAtEach { seen: BTreeSet::new() }, &told).await
    }

    async fn live(&mut self, mut dealer: Dealer, told: &str) -> Result<Summary, Broken> {
        self.trials += 1;
        let database = format!("trial_{}", self.trials);
        self.server.create_database(&database, Some("start")).await?;
        let mut play = self.play(&database).await?;
        // A kill at each point is about the engine alone; it is quicker without an application.
        let applied = self.scenario.application && matches!(dealer, Dealer::By { .. });
        let application = applied.then(|| Application::start(&self.server, &database, self.scenario.ends_inserts));
        let mut summary = Summary { scenarios: 1, ..Summary::default() };
        let mut violations = Vec::new();
        let mut runs = 0;
        loop {
            let dealt = play.dealt.len();
            let ended = play.run(self, &mut dealer).await?;
            runs += 1;
            match ended {
                Ended::Well => break,
                // An error without a reason, or no end of them.
                Ended::Badly(why) if play.dealt.len() == dealt && play.lasting == 0 || runs > dealer.runs_max() => {
                    violations.push(format!("run {runs} ended with: {why}"));
                    break;
                }
                Ended::Badly(_) => play.lasting = play.lasting.saturating_sub(1),
            }
        }
        play.others.gone().await;
        play.second.wait().await;
        if let Ended::Badly(why) = play.run(self, &mut Dealer::Calm).await? {
            violations.push(format!("a run that has nothing to do ended with: {why}"));
        }
        let crashed = play.dealt.contains(&Fault::ServerCrash);
        if let Some(application) = application {
            let remembered = application.stop().await;
            summary.writes = remembered.acknowledged;
            violations
                .extend(remembered.failed.iter().map(|failed| format!("a query of the application failed: {failed}")));
            if remembered.cut > 0 && !crashed {
                violations.push(format!("{} queries of the application were cut", remembered.cut));
            }
            let client = self.server.connect(&database).await?;
            violations.extend(remembered.wrong(&client).await?);
        }
        violations.extend(oracle::violations(&self.server, &database, self.scenario, &self.calm, !applied).await?);
        for fault in &play.dealt {
            *summary.faults.entry(*fault).or_default() += 1;
        }
        drop(play);
        if violations.is_empty() {
            self.server.drop_database(&database).await?;
        }
        summary.violations = violations.into_iter().map(|violation| format!("{told}: {violation}")).collect();
        Ok(summary)
    }

    async fn play(&self, database: &str) -> Result<Play, Broken> {
        let proxy = Proxy::start(self.server.port()).await?;
        let url = format!("postgres://postgres@127.0.0.1:{}/{database}?sslmode=disable", proxy.port());
        let orders = Orders {
            url,
            revisions: self.scenario.revisions.clone(),
            to: if self.scenario.way == Way::Up { self.scenario.top.clone() } else { self.scenario.bottom.clone() },
            way: self.scenario.way,
            versions: self.scenario.versions,
        };
        Ok(Play {
            table: self.scenario.table,
            database: database.to_owned(),
            director: Director::new()?,
            proxy,
            clock: Clock::find()?,
            jumped: 0,
            orders,
            others: Others::default(),
            second: Second::default(),
            dealt: Vec::new(),
            lasting: 0,
        })
    }
}

impl Ended {
    fn well(self) -> Result<(), Broken> {
        match self {
            Ended::Well => Ok(()),
            Ended::Badly(why) => Err(why.into()),
        }
    }
}

impl Dealer {
    fn runs_max(&self) -> usize {
        if matches!(self, Dealer::KillAtEach { .. }) { usize::MAX } else { RUNS_MAX }
    }

    /// What happens at a point.
    fn deal(&mut self, point: &Point) -> Option<Fault> {
        match self {
            Dealer::Calm => None,
            Dealer::By { schedule, passed } => {
                let times = passed.entry(point.clone()).or_default();
                *times += 1;
                let at = schedule.iter().position(|dealt| dealt.point == *point && dealt.turn == *times)?;
                Some(schedule.remove(at).fault)
            }
            Dealer::KillAtEach { seen } => (!point.answered && seen.insert(point.name.clone())).then_some(Fault::Kill),
        }
    }
}

/// A second engine, when there is one.
#[derive(Default)]
struct Second(Option<Child>);

impl Second {
    async fn wait(&mut self) {
        if let Some(mut child) = self.0.take() {
            child.wait().await.ok();
        }
    }
}

/// One database on its way.
struct Play {
    table: &'static str,
    database: String,
    director: Director,
    proxy: Proxy,
    /// Where the machine has one.
    clock: Option<Clock>,
    /// By how many seconds it is wrong.
    jumped: i64,
    orders: Orders,
    others: Others,
    second: Second,
    /// What has happened so far.
    dealt: Vec<Fault>,
    /// So many runs may still end badly because of what lasts longer than a moment.
    lasting: usize,
}

impl Play {
    /// One run of the engine, until it ends.
    async fn run(&mut self, stage: &mut Stage<'_>, dealer: &mut Dealer) -> Result<Ended, Broken> {
        let socket = self.director.socket();
        let faults = (!matches!(dealer, Dealer::Calm)).then_some(socket.as_path());
        let mut child = self.orders.begin(&stage.program, faults, self.clock.as_ref())?;
        let mut said = child.stderr.take().ok_or("no stderr")?;
        let said = tokio::spawn(async move {
            let mut text = String::new();
            said.read_to_string(&mut text).await.ok();
            text
        });
        let began = tokio::time::Instant::now();
        let status = loop {
            let asked = tokio::select! {
                status = child.wait() => break status?,
                asked = self.director.next() => asked,
                () = tokio::time::sleep_until(began + RUN_MAX) => {
                    child.kill().await.ok();
                    self.proxy.cut();
                    return Ok(Ended::Badly(format!("it hangs after {:?}", self.dealt.last())));
                }
            };
            match dealer.deal(&asked.point) {
                None => asked.go().await,
                Some(fault) => {
                    self.dealt.push(fault);
                    self.strike(stage, &mut child, asked, fault).await?;
                }
            }
        };
        // What was silent ends as the server's keepalives end it.
        self.proxy.cut();
        self.proxy.delay(Duration::ZERO);
        let said = said.await?;
        Ok(if status.success() { Ended::Well } else { Ended::Badly(format!("{status} {}", said.trim())) })
    }

    async fn strike(
        &mut self,
        stage: &mut Stage<'_>,
        child: &mut Child,
        asked: Asked,
        fault: Fault,
    ) -> Result<(), Broken> {
        let (database, table) = (self.database.clone(), self.table);
        let server = &mut stage.server;
        match fault {
            Fault::Kill => {
                child.start_kill()?;
                return Ok(());
            }
            Fault::KillDuring => {
                asked.go().await;
                tokio::time::sleep(Duration::from_millis(1)).await;
                child.start_kill()?;
                return Ok(());
            }
            Fault::CutDuring => {
                asked.go().await;
                tokio::time::sleep(Duration::from_millis(1)).await;
                self.proxy.cut();
                return Ok(());
            }
            Fault::Raise(sqlstate) => {
                asked.raise(sqlstate).await;
                return Ok(());
            }
            Fault::Freeze => {
                signal(child, "STOP").await?;
                tokio::time::sleep(FROZEN).await;
                signal(child, "CONT").await?;
            }
            Fault::Cut => self.proxy.cut(),
            Fault::Garble => self.proxy.garble(),
            Fault::Silence => self.proxy.silence(),
            Fault::Slow => self.proxy.delay(Duration::from_millis(4)),
            Fault::ServerCrash => server.crash_and_restart(&SETTINGS).await?,
            Fault::Terminate => administer(server, &database, "pg_terminate_backend").await?,
            Fault::Cancel => administer(server, &database, "pg_cancel_backend").await?,
            Fault::LockTable => {
                let sql = format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
                self.others.send(server, &database, sql).await?;
            }
            Fault::IdleInTransaction => {
                let sql = format!(
                    "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM {table} WHERE ctid IN ('(0,1)', '(1,1)', '(9,1)') FOR UPDATE"
                );
                self.others.send(server, &database, sql).await?;
            }
            Fault::VacuumFull => self.others.send(server, &database, format!("VACUUM FULL {table}")).await?,
            Fault::ClockJump => {
                self.jumped = if self.jumped > 0 { -JUMP } else { JUMP };
                if let Some(clock) = &self.clock {
                    clock.set(self.jumped)?;
                }
            }
            Fault::SecondEngine => {
                self.second.wait().await;
                let mut child = self.orders.begin(&stage.program, None, None)?;
                drop(child.stderr.take());
                self.second = Second(Some(child));
                self.lasting += 1;
            }
        }
        asked.go().await;
        Ok(())
    }
}

async fn signal(child: &Child, name: &str) -> Result<(), Broken> {
    let Some(pid) = child.id() else { return Ok(()) };
    Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().await?;
    Ok(())
}
