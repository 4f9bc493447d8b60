//! A reader and a writer beside every case, on tables of 60 000 rows: neither ever waits for a lock
//! longer than the engine's own lock_timeout, up and down again. The server says so: it would end
//! their statements.

use crate::corpus::{Case, Copied, cases, each_family, tables};
use crate::fixture::{bare, said};
use concertina_engine::Settings;
use concertina_sandbox::Postgres;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// What the application does all the time; what a case takes away from it fails, and only waiting
/// counts.
const QUERIES: [(&str, &str); 6] = [
    (
        "SELECT * FROM leads WHERE id = $1",
        "UPDATE leads SET email = email WHERE id = $1",
    ),
    (
        "SELECT * FROM events WHERE id = $1 AND at < '2025-07-01'",
        "UPDATE events_2025 SET kind = kind WHERE id = $1 AND at < '2025-06-02'",
    ),
    (
        "SELECT * FROM bills WHERE id = $1",
        "UPDATE bills SET total = total WHERE id = $1",
    ),
    (
        "SELECT * FROM owners WHERE id = $1",
        "UPDATE owners SET team_id = team_id WHERE id = $1",
    ),
    (
        "SELECT * FROM calls WHERE id = $1",
        "UPDATE calls SET lead_id = lead_id WHERE id = $1",
    ),
    (
        "SELECT * FROM vehicles WHERE id = $1",
        "UPDATE vehicles SET wheels = wheels WHERE id = $1",
    ),
];

/// Rows of the large tables.
const ROWS: u32 = 60_000;

/// What nobody may wait for: the writing anew of one of these tables, with its indexes.
const ANEW: &str = "ALTER TABLE leads ALTER COLUMN id TYPE numeric";

/// The engine's own lock_timeout, and how long the application waits for a lock before it fails: a
/// third of what it takes to write a table anew, on this machine, as busy as it is now.
async fn limit(copied: &Copied) -> Duration {
    copied.copy("measured").await;
    let client = copied.server.connect("measured").await.unwrap();
    let began = Instant::now();
    client.batch_execute(ANEW).await.unwrap();
    let limit = began.elapsed() / 3;
    copied.server.drop_database("measured").await.unwrap();
    limit.clamp(
        Duration::from_millis(50),
        Settings::default().lock_timeout * 16,
    )
}

/// So often a case in which something waited for too long is run again: a lock that is held for
/// long is held for long every time, and a machine that is busy elsewhere is so by chance. One more
/// wait, and it is the case's.
const AGAIN: usize = 2;

/// One side of the application: it reads, or it writes.
struct Side {
    stop: Arc<AtomicBool>,
    running: JoinHandle<(u64, Vec<String>)>,
}

impl Side {
    async fn start(server: &Postgres, database: &str, writes: bool, limit: Duration) -> Side {
        let client = server.connect(database).await.unwrap();
        let limit = limit.as_millis();
        client
            .batch_execute(&format!(
                "SET lock_timeout = {limit}; SET search_path = public"
            ))
            .await
            .unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        Side {
            running: tokio::spawn(application(client, writes, Arc::clone(&stop))),
            stop,
        }
    }

    /// What waited too long.
    async fn stop(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        let (queries, waited) = self.running.await.unwrap();
        assert!(queries > 0, "the application did nothing");
        waited
    }
}

/// Runs one side of [`QUERIES`] until it is told to stop; what waited too long.
async fn application(client: Client, writes: bool, stop: Arc<AtomicBool>) -> (u64, Vec<String>) {
    let (mut turn, mut waited) = (0_i64, Vec::new());
    while !stop.load(Ordering::Relaxed) {
        turn += 1;
        let (read, write) = QUERIES[turn as usize % QUERIES.len()];
        let sql = if writes { write } else { read };
        let id = 1 + turn * 7_919 % 100;
        // As text, so that no statement is prepared: a result's type may change.
        let sql = sql.replace("$1", &id.to_string());
        match client.simple_query(&sql).await {
            Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => waited.push(sql),
            _ => {}
        }
        // Every table several times within the limit, and the machine is left to the engine.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    (turn as u64, waited)
}

/// One case, up and down again, beside a reader and a writer; what was wrong with it, and what
/// waited too long.
async fn beside(copied: &Copied, case: &Case, limit: Duration) -> (Vec<String>, Vec<String>) {
    let (database, server) = (format!("case_{}", case.name), &copied.server);
    copied.copy(&database).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("revisions")).unwrap();
    std::fs::write(folder.path().join("revisions/001_change.sql"), case.sql).unwrap();
    let settings = format!("[limits]\nlock_timeout_ms = {}\n", limit.as_millis());
    std::fs::write(folder.path().join("concertina.toml"), settings).unwrap();
    let run = |words: &[&str]| {
        said(
            &bare(folder.path(), words)
                .env("DATABASE_URL", server.url(&database))
                .output()
                .unwrap(),
        )
    };
    let reader = Side::start(server, &database, false, limit).await;
    let writer = Side::start(server, &database, true, limit).await;
    let mut ways = vec![vec!["upgrade", "--contract", "--eager"]];
    if case.reversible {
        ways.push(vec![
            "downgrade",
            "base",
            "--contract",
            "--allow-data-loss",
            "--eager",
        ]);
    }
    let mut wrong = Vec::new();
    for words in ways {
        let ended = tokio::task::block_in_place(|| run(&words));
        if ended.code != 0 {
            wrong.push(format!("{}, {}: {}", case.name, words[0], ended.err));
        }
    }
    let mut waited = reader.stop().await;
    waited.extend(writer.stop().await);
    server.drop_database(&database).await.unwrap();
    (wrong, waited)
}

async fn family(wanted: &str) {
    let copied = Copied::new(&[("max_wal_size", "4GB")], &tables(ROWS)).await;
    let (mut now, mut wrong) = (limit(&copied).await, Vec::new());
    for case in cases(wanted, copied.major) {
        let (ended, waits) = beside(&copied, case, now).await;
        wrong.extend(ended);
        if waits.is_empty() {
            continue;
        }
        for _ in 0..AGAIN {
            now = limit(&copied).await;
            let (ended, waits) = beside(&copied, case, now).await;
            wrong.extend(ended);
            wrong.extend(
                waits
                    .into_iter()
                    .map(|sql| format!("{}: waited longer than {now:?}: {sql}", case.name)),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

each_family!(family);

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_too_long_is_seen() {
    let copied = Copied::new(&[("max_wal_size", "4GB")], &tables(3_000)).await;
    copied.copy("site").await;
    let client = copied.server.connect("site").await.unwrap();
    let limit = Duration::from_millis(100);
    let reader = Side::start(&copied.server, "site", false, limit).await;
    let writer = Side::start(&copied.server, "site", true, limit).await;
    client
        .batch_execute("BEGIN; LOCK TABLE leads; SELECT pg_sleep(2); COMMIT")
        .await
        .unwrap();
    assert!(!reader.stop().await.is_empty(), "readers");
    assert!(!writer.stop().await.is_empty(), "writers");
}
