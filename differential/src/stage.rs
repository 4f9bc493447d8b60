//! The server that cases are tried on, with a database for each schema and copies of it.

use crate::Broken;
use crate::program::ANSWER_MAX;
use concertina_sandbox::{Postgres, binaries};
use std::collections::BTreeSet;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio_postgres::Client;

/// How often a copy is tried while connections to its template are going.
const COPY_TRIES: u32 = 200;

/// A server with the roles that statements speak of, and the program under test.
pub struct Stage {
    server: Postgres,
    admin: Client,
    program: PathBuf,
    /// Whether the program compares its plans with the statements first.
    rehearses: bool,
    numbers: AtomicU64,
    records: OnceCell<BTreeSet<String>>,
}

/// A database that is dropped with [`Stage::remove`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database(String);

/// How a script ended that psql was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scripted {
    /// At its end.
    Done,
    /// With an error, as psql tells it, with its code.
    Failed(String),
    /// Not by itself.
    Hung,
}

impl Scripted {
    /// Whether a check of the script's own said no, which raises an exception, rather than a
    /// statement having failed.
    #[must_use]
    pub fn is_by_check(&self) -> bool {
        match self {
            Scripted::Done | Scripted::Hung => false,
            Scripted::Failed(told) => told.contains("ERROR:  P0001: "),
        }
    }
}

impl Database {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl Stage {
    /// With plans that the program compares with the statements first, or without.
    #[must_use]
    pub fn rehearsing(self, rehearses: bool) -> Stage {
        Stage { rehearses, ..self }
    }

    /// Whether plans are compared with the statements first.
    #[must_use]
    pub fn rehearses(&self) -> bool {
        self.rehearses
    }

    /// Starts a server; `program` is the command under test.
    ///
    /// # Errors
    ///
    /// When PostgreSQL doesn't come up.
    pub async fn new(program: &Path) -> Result<Stage, Broken> {
        let settings = [
            ("fsync", "off"),
            ("full_page_writes", "off"),
            ("synchronous_commit", "off"),
            ("autovacuum", "off"),
            ("max_connections", "200"),
            ("max_wal_size", "4GB"),
            // Collation versions and the like are told by every statement otherwise.
            ("log_min_messages", "fatal"),
        ];
        let server = Postgres::start(&settings).await?;
        let admin = server.connect("postgres").await?;
        for role in crate::statement::ROLES {
            admin
                .batch_execute(&format!("CREATE ROLE {}", crate::sql::quoted(role)))
                .await?;
        }
        Ok(Stage {
            server,
            admin,
            rehearses: false,
            program: program.to_owned(),
            numbers: AtomicU64::new(0),
            records: OnceCell::new(),
        })
    }

    /// The command under test.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Makes an empty database.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn empty(&self) -> Result<Database, Broken> {
        self.copy(&Database("template0".to_owned())).await
    }

    /// Makes a copy of a database, as soon as nobody is connected to that.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn copy(&self, of: &Database) -> Result<Database, Broken> {
        let name = format!("d{}", self.numbers.fetch_add(1, Ordering::Relaxed));
        let sql = format!("CREATE DATABASE {name} TEMPLATE {}", of.0);
        let mut tries = 0;
        loop {
            match self.admin.batch_execute(&sql).await {
                Ok(()) => return Ok(Database(name)),
                Err(error) if tries >= COPY_TRIES => return Err(error.into()),
                Err(_) => tries += 1,
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Drops a database, whoever is connected to it.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn remove(&self, database: Database) -> Result<(), Broken> {
        Ok(self
            .admin
            .batch_execute(&format!(
                "DROP DATABASE IF EXISTS {} WITH (FORCE)",
                database.0
            ))
            .await?)
    }

    /// Seconds of processor time that we, the programs we ran and the server have used so far; none
    /// where `/proc` isn't.
    pub fn processor_s(&self) -> Option<f64> {
        // Linux counts in hundredths of a second for everybody who asks there.
        const TICKS_A_SECOND: f64 = 100.0;
        let used = |process: &str| -> Option<f64> {
            let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
            // Behind the name in brackets: user, system, and both of the children that were waited
            // for.
            let fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11).take(4);
            fields.map(|field| field.parse::<f64>().ok()).sum()
        };
        Some((used("self")? + used(&self.server.pid().to_string())?) / TICKS_A_SECOND)
    }

    /// What the program's own records consist of in every database, asked once.
    ///
    /// # Errors
    ///
    /// When it can't be found out.
    pub async fn records(
        &self,
        ask: impl Future<Output = Result<BTreeSet<String>, Broken>>,
    ) -> Result<&BTreeSet<String>, Broken> {
        self.records.get_or_try_init(|| ask).await
    }

    /// Connects as the superuser. Whatever is asked there ends: locks that a program left would be waited for otherwise.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn connect(&self, database: &Database) -> Result<Client, Broken> {
        let client = self.server.connect(&database.0).await?;
        client
            .batch_execute(&format!(
                "SET statement_timeout = {}",
                ANSWER_MAX.as_millis()
            ))
            .await?;
        Ok(client)
    }

    /// The URL of a database.
    pub fn url(&self, database: &Database) -> String {
        self.server.url(&database.0)
    }

    /// Gives a script to `psql`.
    ///
    /// # Errors
    ///
    /// When there is no `psql`.
    pub async fn psql(&self, database: &Database, script: &str) -> Result<Scripted, Broken> {
        let mut psql = Command::new(binaries::program("psql")?);
        psql.args([
            "--no-psqlrc",
            "--quiet",
            "--set=VERBOSITY=verbose",
            "--dbname",
            &self.url(database),
        ])
        .kill_on_drop(true);
        psql.stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = psql.spawn()?;
        let input = child.stdin.take();
        let give = async {
            if let Some(mut input) = input {
                // psql may have ended before it read all.
                let _ = input.write_all(script.as_bytes()).await;
            }
        };
        // Both at once: psql stops reading while nobody reads what it complains of.
        let Ok(((), output)) = tokio::time::timeout(ANSWER_MAX, async {
            tokio::join!(give, child.wait_with_output())
        })
        .await
        else {
            return Ok(Scripted::Hung);
        };
        let output = output?;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() {
            return Ok(Scripted::Done);
        }
        // NOTICEs may come before what ended it.
        let from = told
            .lines()
            .position(|line| line.contains("ERROR:  "))
            .unwrap_or_default();
        Ok(Scripted::Failed(
            told.lines()
                .skip(from)
                .take(4)
                .collect::<Vec<_>>()
                .join(" "),
        ))
    }
}
