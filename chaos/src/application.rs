//! An application at work meanwhile: it writes, and remembers what was acknowledged. What it
//! remembers must be there at the end, and none of its queries may have failed but those that the
//! server's own crash cut.

use concertina_sandbox::Postgres;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// Each writer has rows of its own, so that it knows what was written last.
const WRITERS: i64 = 3;

/// Rows of the application's own begin here.
const NEW: i64 = 1_000_000;

/// Rows of the table that it updates: `leads`, ids 1 to this.
const ROWS: i64 = 3_000;

/// What may be found under an id: an email, or no row. More than one after a query whose answer was
/// lost.
type Expected = BTreeMap<i64, Vec<Option<String>>>;

/// Where the database is, and what became of the one before.
#[derive(Debug, Clone)]
struct Home {
    url: String,
    /// How often it has moved.
    moves: usize,
    /// Whether everything that was acknowledged moved along.
    keeps_all: bool,
}

/// Writers of table `leads`.
pub struct Application {
    stop: Arc<AtomicBool>,
    home: watch::Sender<Home>,
    writers: Vec<JoinHandle<Remembered>>,
}

/// What the application knows at its end.
#[derive(Debug, Default)]
pub struct Remembered {
    expected: Expected,
    /// Acknowledged writes.
    pub acknowledged: usize,
    /// Queries that were cut by the server's end.
    pub cut: usize,
    /// Queries that failed otherwise.
    pub failed: Vec<String>,
}

impl Application {
    /// Puts writers to work, straight at the server. `rest`: of each, between turns of up to four
    /// writes.
    pub fn start(
        server: &Postgres,
        database: &str,
        ends_inserts: bool,
        rest: Duration,
    ) -> Application {
        let stop = Arc::new(AtomicBool::new(false));
        let (home, seen) = watch::channel(Home {
            url: server.url(database),
            moves: 0,
            keeps_all: true,
        });
        let writers = (0..WRITERS)
            .map(|number| {
                let writer = Writer {
                    home: seen.clone(),
                    moves: 0,
                    number,
                    ends_inserts,
                    inserts: true,
                    rest,
                    client: None,
                    written: BTreeMap::new(),
                    remembered: Remembered::default(),
                };
                tokio::spawn(writer.work(Arc::clone(&stop)))
            })
            .collect();
        Application {
            stop,
            home,
            writers,
        }
    }

    /// The database is on another server now. `keeps_all`: with everything that was acknowledged;
    /// else with what that server has.
    pub fn moved(&self, server: &Postgres, database: &str, keeps_all: bool) {
        self.home.send_modify(|home| {
            *home = Home {
                url: server.url(database),
                moves: home.moves + 1,
                keeps_all,
            };
        });
    }

    /// Ends the writers; what they know together.
    pub async fn stop(self) -> Remembered {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Remembered::default();
        for writer in self.writers {
            if let Ok(one) = writer.await {
                all.expected.extend(one.expected);
                all.acknowledged += one.acknowledged;
                all.cut += one.cut;
                all.failed.extend(one.failed);
            }
        }
        // One tells as much as a hundred.
        all.failed.truncate(5);
        all
    }
}

struct Writer {
    home: watch::Receiver<Home>,
    /// How often it has moved along.
    moves: usize,
    number: i64,
    /// Whether a missing value may end its inserts: whoever ran the contract has said that no such
    /// code is left.
    ends_inserts: bool,
    inserts: bool,
    rest: Duration,
    client: Option<Client>,
    /// All that it ever wrote under an id.
    written: BTreeMap<i64, BTreeSet<Option<String>>>,
    remembered: Remembered,
}

impl Writer {
    async fn work(mut self, stop: Arc<AtomicBool>) -> Remembered {
        let mut turn = 0;
        while !stop.load(Ordering::Relaxed) {
            turn += 1;
            let old = 1 + (turn * 7_919 * WRITERS + self.number) % ROWS;
            let new = NEW + turn * WRITERS + self.number;
            let email = format!("w{}-{turn}@example.com", self.number);
            let other = format!("n{}-{turn}@example.com", self.number);
            self.write(
                &format!("UPDATE leads SET email = '{email}' WHERE id = {old}"),
                &[(old, Some(&email))],
            )
            .await;
            let insert = format!(
                "INSERT INTO leads (id, email, owner_id) VALUES ({new}, '{other}', {})",
                1 + turn % 50
            );
            if self.inserts {
                self.write(&insert, &[(new, Some(&other))]).await;
            }
            if turn % 3 == 0 && self.is_certain(new) {
                // Two rows in one transaction, the second of a block far away.
                let sql = format!(
                    "BEGIN; UPDATE leads SET email = 'a{email}' WHERE id = {new}; UPDATE leads SET email = 'b{email}' WHERE id = {old}; COMMIT"
                );
                let (first, second) = (format!("a{email}"), format!("b{email}"));
                self.write(&sql, &[(new, Some(&first)), (old, Some(&second))])
                    .await;
            }
            if turn % 4 == 0 {
                self.write(
                    &format!("DELETE FROM leads WHERE id = {new}"),
                    &[(new, None)],
                )
                .await;
            }
            tokio::time::sleep(self.rest).await;
        }
        self.remembered
    }

    /// Whether the row is there for sure: an answer may have been lost.
    fn is_certain(&self, id: i64) -> bool {
        matches!(
            self.remembered.expected.get(&id).map(Vec::as_slice),
            Some([Some(_)])
        )
    }

    async fn write(&mut self, sql: &str, becomes: &[(i64, Option<&String>)]) {
        if self.connected().await.is_none() {
            return;
        }
        for (id, value) in becomes {
            self.written.entry(*id).or_default().insert(value.cloned());
        }
        let Some(client) = &self.client else { return };
        match client.batch_execute(sql).await {
            Ok(()) => {
                self.remembered.acknowledged += 1;
                for (id, value) in becomes {
                    self.remembered.expected.insert(*id, vec![value.cloned()]);
                }
            }
            Err(error) if lost(&error) => {
                self.client = None;
                self.remembered.cut += 1;
                for (id, value) in becomes {
                    self.remembered
                        .expected
                        .entry(*id)
                        .or_insert_with(|| vec![at_first(*id)])
                        .push(value.cloned());
                }
            }
            Err(error)
                if self.ends_inserts && error.code() == Some(&SqlState::NOT_NULL_VIOLATION) =>
            {
                (self.inserts, self.client) = (false, None);
            }
            Err(error) => {
                self.client = None;
                let why = error.as_db_error().map_or_else(
                    || error.to_string(),
                    |db| format!("{} [{}]", db.message(), db.code().code()),
                );
                self.remembered.failed.push(format!("{sql}: {why}"));
            }
        }
    }

    /// The connection, made again after the server's end.
    async fn connected(&mut self) -> Option<()> {
        let home = self.home.borrow().clone();
        if self.client.is_none() || self.moves != home.moves {
            match tokio_postgres::connect(&home.url, NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    if self.moves != home.moves {
                        self.recall(&client, home.keeps_all).await?;
                        self.moves = home.moves;
                    }
                    self.client = Some(client);
                }
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    return None;
                }
            }
        }
        Some(())
    }

    /// On another server: what is there is what is expected from now on. It must be what was
    /// acknowledged, or, where that may be lost, what was written at some time.
    async fn recall(&mut self, client: &Client, keeps_all: bool) -> Option<()> {
        let found = rows(client).await.ok()?;
        for (id, expected) in &mut self.remembered.expected {
            let there = found.get(id).cloned();
            let was_written = there == at_first(*id)
                || self.written.get(id).is_some_and(|all| all.contains(&there));
            let is_right = if keeps_all {
                expected.contains(&there)
            } else {
                was_written
            };
            if is_right {
                *expected = vec![there];
            } else {
                let lost = format!(
                    "lead {id} is {there:?} after a failover and was written as {expected:?}"
                );
                self.remembered.failed.push(lost);
            }
        }
        Some(())
    }
}

/// What is found under an id before anything was written.
fn at_first(id: i64) -> Option<String> {
    (id < NEW).then(|| format!("lead{id}"))
}

async fn rows(client: &Client) -> Result<BTreeMap<i64, String>, tokio_postgres::Error> {
    let mut found = BTreeMap::new();
    for message in client.simple_query("SELECT id, email FROM leads").await? {
        if let SimpleQueryMessage::Row(row) = message {
            let id = row
                .get(0)
                .and_then(|id| id.parse().ok())
                .unwrap_or_default();
            found.insert(id, row.get(1).unwrap_or_default().to_owned());
        }
    }
    Ok(found)
}

/// Whether the server ended, or didn't let anyone in because it was ending or starting.
fn lost(error: &tokio_postgres::Error) -> bool {
    error
        .code()
        .is_none_or(|code| ["57P01", "57P02", "57P03"].contains(&code.code()))
}

impl Remembered {
    /// What is not as it was acknowledged.
    ///
    /// # Errors
    ///
    /// When the table can't be read.
    pub async fn wrong(&self, client: &Client) -> Result<Vec<String>, tokio_postgres::Error> {
        let found = rows(client).await?;
        let mut wrong = Vec::new();
        for (id, expected) in &self.expected {
            let there = found.get(id).cloned();
            if !expected.contains(&there) {
                wrong.push(format!(
                    "lead {id} is {there:?} and was written as {expected:?}"
                ));
            }
        }
        for id in found
            .keys()
            .filter(|id| **id >= NEW && !self.expected.contains_key(id))
        {
            wrong.push(format!("lead {id} was written by nobody"));
        }
        wrong.truncate(5);
        Ok(wrong)
    }
}
