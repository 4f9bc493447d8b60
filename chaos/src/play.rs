//! One database on its way: runs of the engine on it, and what happens to them.

use crate::Broken;
use crate::application::Application;
use crate::dealer::Dealer;
use crate::director::{Asked, Director};
use crate::fault::Fault;
use crate::others::{Others, administer};
use crate::scenario::Scenario;
use crate::standby::Standby;
use crate::subject::{Orders, Way};
use concertina_sandbox::{Clock, Postgres, Proxy};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio_postgres::{Client, Statement};

/// Settings of the servers.
pub(crate) const SETTINGS: [(&str, &str); 4] = [
    ("fsync", "off"),
    ("autovacuum_naptime", "1s"),
    ("deadlock_timeout", "500ms"),
    // A standby that was cut off for a moment finds what it missed.
    ("wal_keep_size", "256MB"),
];

/// The longest that one run of the engine may take, with all that happens to it.
const RUN_MAX: Duration = Duration::from_mins(3);

/// Ten years, in seconds.
const JUMP: i64 = 10 * 365 * 86_400;

/// A standby is promoted without what the engine did at so many points.
const BEHIND: usize = 8;

/// A suspended machine sleeps for longer than our sessions may be idle in a transaction.
const FROZEN: Duration = Duration::from_secs(11);

/// How a run of the engine ended.
pub(crate) enum Ended {
    Well,
    /// With an error, or killed.
    Badly(String),
    /// Not at all, in the time there was.
    Hung(String),
}

impl Ended {
    pub(crate) fn well(self) -> Result<(), Broken> {
        match self {
            Ended::Well => Ok(()),
            Ended::Badly(why) | Ended::Hung(why) => Err(why.into()),
        }
    }
}

/// A second engine, when there is one.
#[derive(Default)]
pub(crate) struct Second(Option<Child>);

impl Second {
    pub(crate) async fn wait(&mut self) {
        if let Some(mut child) = self.0.take() {
            child.wait().await.ok();
        }
    }
}

/// One database on its way.
pub(crate) struct Play {
    /// The one with verb `engine`.
    program: PathBuf,
    table: &'static str,
    database: String,
    director: Director,
    proxy: Proxy,
    /// The standby, until it is promoted.
    standby: Option<Standby>,
    /// The way to it, also once it is the primary.
    other_proxy: Option<Proxy>,
    /// At so many points from now on it is promoted.
    behind: Option<usize>,
    /// Where the application works.
    pub(crate) application: Option<Application>,
    /// Sees what the server's state is, from another database, by a statement that is made once: it
    /// is asked at every point.
    watcher: (Client, Statement),
    /// Where the machine has one.
    clock: Option<Clock>,
    /// By how many seconds it is wrong.
    jumped: i64,
    pub(crate) orders: Orders,
    pub(crate) others: Others,
    pub(crate) second: Second,
    /// What has happened so far.
    pub(crate) dealt: Vec<Fault>,
    /// So many runs may still end badly because of what lasts longer than a moment.
    pub(crate) lasting: usize,
}

async fn watcher(server: &Postgres) -> Result<(Client, Statement), Broken> {
    let client = server.connect("postgres").await?;
    let sql = "SELECT concat_ws(' ', pg_current_snapshot(), CASE WHEN EXISTS (
            SELECT FROM pg_stat_activity WHERE datname = $1 AND backend_xid IS NOT NULL) THEN pg_current_wal_insert_lsn() END)";
    let asking = client.prepare(sql).await?;
    Ok((client, asking))
}

impl Play {
    pub(crate) async fn new(
        server: &Postgres,
        program: &Path,
        scenario: &Scenario,
        database: &str,
        standby: Option<Standby>,
    ) -> Result<Play, Broken> {
        let proxy = Proxy::start(server.port()).await?;
        let other_proxy = match &standby {
            Some(standby) => Some(Proxy::start(standby.port()).await?),
            None => None,
        };
        let ports: Vec<u16> = [&proxy]
            .into_iter()
            .chain(&other_proxy)
            .map(Proxy::port)
            .collect();
        let hosts: Vec<String> = ports
            .iter()
            .map(|port| format!("127.0.0.1:{port}"))
            .collect();
        let hosts = hosts.join(",");
        let url = format!(
            "postgres://postgres@{hosts}/{database}?sslmode=disable&target_session_attrs=read-write"
        );
        let to = if scenario.way == Way::Up {
            &scenario.top
        } else {
            &scenario.bottom
        };
        let orders = Orders {
            url,
            revisions: scenario.revisions.clone(),
            to: to.clone(),
            way: scenario.way,
            versions: scenario.versions,
        };
        Ok(Play {
            program: program.to_owned(),
            table: scenario.table,
            database: database.to_owned(),
            director: Director::new()?,
            proxy,
            standby,
            other_proxy,
            behind: None,
            application: None,
            watcher: watcher(server).await?,
            clock: Clock::find()?,
            jumped: 0,
            orders,
            others: Others::default(),
            second: Second::default(),
            dealt: Vec::new(),
            lasting: 0,
        })
    }

    /// One run of the engine, until it ends.
    pub(crate) async fn run(
        &mut self,
        server: &mut Postgres,
        dealer: &mut Dealer,
    ) -> Result<Ended, Broken> {
        let socket = self.director.socket();
        let faults = (!matches!(dealer, Dealer::Calm)).then_some(socket.as_path());
        let mut child = self
            .orders
            .begin(&self.program, faults, self.clock.as_ref())?;
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
                    self.network(Proxy::cut);
                    return Ok(Ended::Hung(format!("it hangs after {:?}", self.dealt.last())));
                }
            };
            if self.behind.is_some() {
                self.behind = self.behind.and_then(|left| left.checked_sub(1));
                if self.behind.is_none() {
                    self.fail_over(server).await?;
                }
            }
            let state = if dealer.watches() {
                Some(self.state().await?)
            } else {
                None
            };
            // Without a clock of its own nothing happens to it.
            match dealer
                .deal(&asked.point, state.as_deref())
                .filter(|fault| *fault != Fault::ClockJump || self.clock.is_some())
            {
                None => asked.go().await,
                Some(fault) => {
                    self.dealt.push(fault);
                    self.strike(server, &mut child, asked, fault).await?;
                }
            }
        };
        // What was silent ends as the server's keepalives end it.
        self.network(Proxy::cut);
        self.network(|proxy| proxy.delay(Duration::ZERO));
        let said = said.await?;
        if self.behind.take().is_some() {
            // Also what the engine has reported as done may be lost.
            self.fail_over(server).await?;
            return Ok(Ended::Badly("it failed over after its end".to_owned()));
        }
        Ok(if status.success() {
            Ended::Well
        } else {
            Ended::Badly(format!("{status} {}", said.trim()))
        })
    }

    /// What a new session sees: while that stays as it is, nothing that lasts was changed. Where a
    /// session has written in a transaction that is open, how far the log is belongs to it, so that
    /// each of its writes is another state.
    async fn state(&self) -> Result<String, Broken> {
        let (client, asking) = &self.watcher;
        Ok(client.query_one(asking, &[&self.database]).await?.get(0))
    }

    /// Does something to every way from the engine to a server.
    fn network(&self, does: impl Fn(&Proxy)) {
        [&self.proxy]
            .into_iter()
            .chain(&self.other_proxy)
            .for_each(does);
    }

    /// The standby takes the primary's place, where there still is one.
    async fn fail_over(&mut self, server: &mut Postgres) -> Result<(), Broken> {
        let Some(standby) = self.standby.take() else {
            return Ok(());
        };
        let keeps_all = standby.is_synchronous();
        standby.take_over(server).await?;
        if let Some(application) = &self.application {
            application.moved(server, &self.database, keeps_all);
        }
        Ok(())
    }

    /// The standby receives nothing any more, and is promoted some statements later.
    fn leave_behind(&mut self) {
        if let Some(standby) = &self.standby {
            standby.cut_off();
            self.behind = Some(BEHIND);
        }
    }

    async fn begin_second(&mut self) -> Result<(), Broken> {
        self.second.wait().await;
        let mut child = self.orders.begin(&self.program, None, None)?;
        drop(child.stderr.take());
        self.second = Second(Some(child));
        self.lasting += 1;
        Ok(())
    }

    /// The standby goes, where there still is one.
    pub(crate) async fn retire_standby(&mut self, server: &Postgres) -> Result<(), Broken> {
        match self.standby.take() {
            Some(standby) => standby.retire(server).await,
            None => Ok(()),
        }
    }

    async fn strike(
        &mut self,
        server: &mut Postgres,
        child: &mut Child,
        asked: Asked,
        fault: Fault,
    ) -> Result<(), Broken> {
        let (database, table) = (self.database.clone(), self.table);
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
                self.network(Proxy::cut);
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
            Fault::Cut => self.network(Proxy::cut),
            Fault::Garble => self.network(Proxy::garble),
            Fault::Silence => self.network(Proxy::silence),
            Fault::Slow => self.network(|proxy| proxy.delay(Duration::from_millis(4))),
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
            Fault::VacuumFull => {
                self.others
                    .send(server, &database, format!("VACUUM FULL {table}"))
                    .await?;
            }
            Fault::ClockJump => {
                self.jumped = if self.jumped > 0 { -JUMP } else { JUMP };
                if let Some(clock) = &self.clock {
                    clock.set(self.jumped)?;
                }
            }
            Fault::FailOver => self.fail_over(server).await?,
            Fault::FailOverBehind => self.leave_behind(),
            Fault::StandbyStops => self.standby.iter().for_each(Standby::stop),
            Fault::StandbyLags => self.standby.iter().for_each(Standby::lag),
            Fault::SecondEngine => self.begin_second().await?,
        }
        asked.go().await;
        Ok(())
    }
}

async fn signal(child: &Child, name: &str) -> Result<(), Broken> {
    let Some(pid) = child.id() else { return Ok(()) };
    Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status()
        .await?;
    Ok(())
}
