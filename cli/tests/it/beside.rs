//! A reader and a writer beside every case, on tables of 300 000 rows: neither ever waits for a lock longer than the
//! engine's own lock_timeout, up and down again. The server says so: it would end their statements.

use crate::corpus::{Copied, cases, each_family, tables};
use crate::fixture::{bare, said};
use concertina_engine::Settings;
use concertina_sandbox::Postgres;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// What the application does all the time; what a case takes away from it fails, and only waiting counts.
const QUERIES: [(&str, &str); 6] = [
    ("SELECT * FROM leads WHERE id = $1", "UPDATE leads SET email = email WHERE id = $1"),
    (
        "SELECT * FROM events WHERE id = $1 AND at < '2025-07-01'",
        "UPDATE events_2025 SET kind = kind WHERE id = $1 AND at < '2025-06-02'",
    ),
    ("SELECT * FROM bills WHERE id = $1", "UPDATE bills SET total = total WHERE id = $1"),
    ("SELECT * FROM owners WHERE id = $1", "UPDATE owners SET team_id = team_id WHERE id = $1"),
    ("SELECT * FROM calls WHERE id = $1", "UPDATE calls SET lead_id = lead_id WHERE id = $1"),
    ("SELECT * FROM vehicles WHERE id = $1", "UPDATE vehicles SET wheels = wheels WHERE id = $1"),
];

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
    }
    (turn as u64, waited)
}

async fn beside(server: &Postgres, database: &str, sql: &str, reversible: bool, wrong: &mut Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("revisions")).unwrap();
    std::fs::write(folder.path().join("revisions/001_change.sql"), sql).unwrap();
    let run =
        |words: &[&str]| said(&bare(folder.path(), words).env("DATABASE_URL", server.url(database)).output().unwrap());
    let stop = Arc::new(AtomicBool::new(false));
    let mut running = Vec::new();
    for writes in [false, true] {
        let client = server.connect(database).await.unwrap();
        let limit = Settings::default().lock_timeout.as_millis();
        client.batch_execute(&format!("SET lock_timeout = {limit}; SET search_path = public")).await.unwrap();
        running.push(tokio::spawn(application(client, writes, Arc::clone(&stop))));
    }
    let mut ways = vec![vec!["upgrade", "--contract", "--eager"]];
    if reversible {
        ways.push(vec!["downgrade", "base", "--contract", "--allow-data-loss", "--eager"]);
    }
    for words in ways {
        let ended = tokio::task::block_in_place(|| run(&words));
        if ended.code != 0 {
            wrong.push(format!("{database}, {}: {}", words[0], ended.err));
        }
    }
    stop.store(true, Ordering::Relaxed);
    for side in running {
        let (queries, waited) = side.await.unwrap();
        assert!(queries > 0, "{database}: the application did nothing");
        wrong.extend(waited.into_iter().map(|sql| format!("{database}: waited too long: {sql}")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_too_long_is_seen() {
    let server = Postgres::start(&[("fsync", "off")]).await.unwrap();
    server.create_database("site", None).await.unwrap();
    let client = server.connect("site").await.unwrap();
    client.batch_execute(&tables(3000)).await.unwrap();
    let (stop, reader) = (Arc::new(AtomicBool::new(false)), server.connect("site").await.unwrap());
    reader.batch_execute("SET lock_timeout = 100").await.unwrap();
    let running = tokio::spawn(application(reader, false, Arc::clone(&stop)));
    client.batch_execute("BEGIN; LOCK TABLE leads; SELECT pg_sleep(0.5); COMMIT").await.unwrap();
    stop.store(true, Ordering::Relaxed);
    assert!(!running.await.unwrap().1.is_empty());
}

async fn family(wanted: &str) {
    let settings = [("fsync", "off"), ("max_wal_size", "4GB"), ("autovacuum", "off")];
    let copied = Copied::new(&settings, &tables(300_000)).await;
    let mut wrong = Vec::new();
    for case in cases(wanted, copied.major) {
        let name = format!("case_{}", case.name);
        copied.copy(&name).await;
        beside(&copied.server, &name, case.sql, case.reversible, &mut wrong).await;
        copied.server.drop_database(&name).await.unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

each_family!(family);
