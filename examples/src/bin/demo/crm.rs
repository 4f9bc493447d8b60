//! A table of a million rows gets a column with a value of its own for each row, and then tenants,
//! while an application that knows nothing of it goes on reading and writing; beside it, one UPDATE
//! of the same.

use crate::{Words, say};
use concertina::{Done, Failure, Until};
use concertina_engine::{Connect, Engine, Event, Rehearse, Settings};
use concertina_examples::crm;
use concertina_revisions::Target;
use concertina_sandbox::{Postgres, Report, Traffic};
use parking_lot::Mutex;
use serde::Serialize;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// Leads, when nothing is said.
const LEADS: i64 = 1_000_000;

/// How long the traffic runs alone, as the measure for what comes.
const ALONE: Duration = Duration::from_secs(6);

/// What the demo measured.
#[derive(Debug, Serialize)]
struct Measured {
    /// Rows that the backfill changed.
    rows: u64,
    /// How long the backfill took, its final sweep included.
    seconds: f64,
    rows_per_second: f64,
    /// Rows without a team or a tenant at the end.
    rows_left: i64,
    /// The table's size after the backfill, as a multiple of before.
    heap_growth: f64,
    /// The same for the indexes that were there before.
    index_growth: f64,
    wal_bytes_per_row: f64,
    /// Share of the updates that wrote no index.
    hot_share: f64,
    /// One UPDATE of the same rows in a copy of the database, under the same traffic.
    single_update_rows_per_second: f64,
    single_update_heap_growth: f64,
    single_update_longest_stall_ms: f64,
    traffic: Seen,
}

/// What the application noticed.
#[derive(Debug, Serialize)]
struct Seen {
    queries: u64,
    failed: u64,
    p50_ms: f64,
    p99_ms: f64,
    longest_stall_ms: f64,
    baseline_p50_ms: f64,
    baseline_p99_ms: f64,
    baseline_longest_stall_ms: f64,
    errors: Vec<String>,
}

/// What the events tell about the backfill.
#[derive(Debug, Default, Clone)]
struct Backfilled {
    rows: u64,
    seconds: f64,
    hot_share: f64,
}

/// Runs it, and prints what was measured.
pub(crate) async fn show(words: &Words) -> Result<(), Box<dyn Error>> {
    let measured = run(words).await?;
    say(&text(&measured));
    if words.json {
        say(&serde_json::to_string(&measured)?);
    }
    if measured.rows_left == 0 && measured.traffic.failed == 0 {
        Ok(())
    } else {
        Err("the demo failed".into())
    }
}

async fn run(words: &Words) -> Result<Measured, Box<dyn Error>> {
    let (rows, rate) = (words.rows.unwrap_or(LEADS), words.rate);
    say("starting a PostgreSQL of its own");
    let server = Postgres::start(&[
        ("shared_buffers", "1GB"),
        ("max_wal_size", "8GB"),
        ("checkpoint_timeout", "15min"),
    ])
    .await?;
    server.create_database("crm", None).await?;
    let demo = Demo::new(&server.url("crm"))?;
    demo.upgrade("20260213_0001").await?;
    say(&format!(
        "filling it: {rows} leads, and the deals, contracts and invoices that go with them"
    ));
    crm::fill(&server.connect("crm").await?, rows).await?;
    server.create_database("copy", Some("crm")).await?;
    let client = server.connect("crm").await?;
    // What the filling left behind is not the migration's load.
    client.batch_execute("CHECKPOINT").await?;
    say(&format!(
        "an application comes along: {rate} queries a second"
    ));
    let traffic = Traffic::start(&server.url("crm"), 8, rate, crm::before(rows)).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    traffic.report();
    tokio::time::sleep(ALONE).await;
    let baseline = traffic.report();

    say("a value of its own for each lead, by a join:");
    let before = Sizes::of(&client).await?;
    demo.upgrade("20260213_0002").await?;
    let after = Sizes::of(&client).await?;
    say("the application is deployed anew, and writes teams itself; contract:");
    traffic.switch(crm::with_teams(rows));
    demo.contract().await?;

    say("tenants, in three revisions:");
    demo.upgrade("20260214_0005").await?;
    say("the application is deployed anew, and writes tenants itself; contract:");
    traffic.switch(crm::with_tenants(rows));
    demo.contract().await?;
    let during = traffic.stop().await;

    let rows_left = rows_left(&client).await?;
    say("for comparison: the same column by one UPDATE, in a copy, under the same traffic");
    let single = single_update(&server, words).await?;
    let backfilled = demo.backfilled();
    Ok(Measured {
        rows: backfilled.rows,
        seconds: backfilled.seconds,
        rows_per_second: backfilled.rows as f64 / backfilled.seconds,
        rows_left,
        heap_growth: after.heap / before.heap,
        index_growth: after.indexes / before.indexes,
        wal_bytes_per_row: (after.wal - before.wal) / backfilled.rows.max(1) as f64,
        hot_share: backfilled.hot_share,
        single_update_rows_per_second: single.rows_per_second,
        single_update_heap_growth: single.heap_growth,
        single_update_longest_stall_ms: single.traffic.longest_stall_ms,
        traffic: Seen {
            queries: during.queries,
            failed: during.failed + baseline.failed,
            p50_ms: during.p50_ms,
            p99_ms: during.p99_ms,
            longest_stall_ms: during.longest_stall_ms,
            baseline_p50_ms: baseline.p50_ms,
            baseline_p99_ms: baseline.p99_ms,
            baseline_longest_stall_ms: baseline.longest_stall_ms,
            errors: during.errors,
        },
    })
}

/// The engine with what its events told.
struct Demo {
    engine: Engine,
    backfilled: Arc<Mutex<Backfilled>>,
}

impl Demo {
    fn new(url: &str) -> Result<Demo, Box<dyn Error>> {
        let backfilled = Arc::new(Mutex::new(Backfilled::default()));
        let kept = Arc::clone(&backfilled);
        let events = Arc::new(move |event| {
            let mut kept = kept.lock();
            match event {
                Event::StepBegun { step, what, .. } => {
                    say(&format!("    {step}: {}", what.join("; ")));
                }
                Event::StepDone {
                    rows: Some(rows),
                    seconds,
                    ..
                } => {
                    (kept.rows, kept.seconds) = (rows, seconds);
                    say(&format!(
                        "      {rows} rows in {seconds:.1} s, {:.0} a second",
                        rows as f64 / seconds
                    ));
                }
                Event::Progress(progress) => {
                    if progress.hot_share > 0.0 {
                        kept.hot_share = progress.hot_share;
                    }
                    if let Some(why) = progress.throttle {
                        say(&format!("      slower: {why}"));
                    }
                }
                Event::Note { text } => say(&format!("      {text}")),
                _ => {}
            }
        });
        let (engine, _) = Engine::new(
            Connect::parse(url)?,
            Settings {
                eager: true,
                rehearse: Rehearse::Never,
                ..Settings::default()
            },
            events,
        );
        Ok(Demo { engine, backfilled })
    }

    async fn upgrade(&self, target: &str) -> Result<Done, Failure> {
        let history = concertina::history(&crm::revisions())?;
        concertina::upgrade(
            &self.engine,
            &history,
            &Target::parse(target),
            Until::Backfilled,
        )
        .await
    }

    async fn contract(&self) -> Result<Done, Failure> {
        let history = concertina::history(&crm::revisions())?;
        concertina::contract(&self.engine, Some(&history)).await
    }

    fn backfilled(&self) -> Backfilled {
        self.backfilled.lock().clone()
    }
}

/// How large table leads and the indexes of its baseline are, and how much WAL has been written.
struct Sizes {
    heap: f64,
    indexes: f64,
    wal: f64,
}

impl Sizes {
    async fn of(client: &Client) -> Result<Sizes, tokio_postgres::Error> {
        let sql = "SELECT pg_relation_size('leads')::float8,
                          (SELECT sum(pg_relation_size(name::regclass))::float8
                           FROM unnest(ARRAY['leads_pkey', 'leads_email_key', 'leads_owner_id', 'leads_status']) AS name),
                          pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8";
        let row = client.query_one(sql, &[]).await?;
        Ok(Sizes {
            heap: row.get(0),
            indexes: row.get(1),
            wal: row.get(2),
        })
    }
}

async fn rows_left(client: &Client) -> Result<i64, tokio_postgres::Error> {
    let sql = "SELECT (SELECT count(*) FROM leads WHERE team_id IS NULL OR tenant_id IS NULL)
                    + (SELECT count(*) FROM deals WHERE tenant_id IS NULL)
                    + (SELECT count(*) FROM contracts WHERE tenant_id IS NULL)
                    + (SELECT count(*) FROM invoices WHERE tenant_id IS NULL)
                    + (SELECT count(*) FROM leads l JOIN owners o ON o.id = l.owner_id WHERE l.team_id <> o.team_id)";
    Ok(client.query_one(sql, &[]).await?.get(0))
}

struct Single {
    rows_per_second: f64,
    heap_growth: f64,
    traffic: Report,
}

async fn single_update(server: &Postgres, words: &Words) -> Result<Single, Box<dyn Error>> {
    let client = server.connect("copy").await?;
    client
        .batch_execute("ALTER TABLE leads ADD COLUMN team_id bigint; CHECKPOINT;")
        .await?;
    let traffic = Traffic::start(
        &server.url("copy"),
        8,
        words.rate,
        crm::before(words.rows.unwrap_or(LEADS)),
    )
    .await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    traffic.report();
    let before = Sizes::of(&client).await?;
    let began = Instant::now();
    let sql = "UPDATE leads l SET team_id = o.team_id FROM owners o WHERE o.id = l.owner_id AND l.team_id IS NULL";
    let rows = client.execute(sql, &[]).await?;
    let seconds = began.elapsed().as_secs_f64();
    let after = Sizes::of(&client).await?;
    let traffic = traffic.stop().await;
    Ok(Single {
        rows_per_second: rows as f64 / seconds,
        heap_growth: after.heap / before.heap,
        traffic,
    })
}

fn text(m: &Measured) -> String {
    let t = &m.traffic;
    format!(
        "\n\
         backfill         {} rows in {:.1} s: {:.0} rows/s, {:.1} times one UPDATE ({:.0} rows/s)\n\
         table growth     {:.2} times (one UPDATE: {:.2}), its indexes {:.2} times, {:.0} bytes of WAL a row, {:.0} % HOT\n\
         rows left        {}\n\
         application      {} queries, {} failed\n\
                          p50 {:.2} ms (alone {:.2}), p99 {:.2} ms (alone {:.2}), longest {:.0} ms (alone {:.0})\n\
                          longest stall during the one UPDATE: {:.0} ms\n{}",
        m.rows,
        m.seconds,
        m.rows_per_second,
        m.rows_per_second / m.single_update_rows_per_second,
        m.single_update_rows_per_second,
        m.heap_growth,
        m.single_update_heap_growth,
        m.index_growth,
        m.wal_bytes_per_row,
        m.hot_share * 100.0,
        m.rows_left,
        t.queries,
        t.failed,
        t.p50_ms,
        t.baseline_p50_ms,
        t.p99_ms,
        t.baseline_p99_ms,
        t.longest_stall_ms,
        t.baseline_longest_stall_ms,
        m.single_update_longest_stall_ms,
        t.errors
            .iter()
            .map(|error| format!("                 {error}\n"))
            .collect::<String>(),
    )
}
