//! `./dev bench series`: what a backfill costs against the table's size, the width of its rows and
//! its indexes, and how soon one that was cut off goes on. Nobody else is at work.

use clap::Parser;
use concertina_benches::Result;
use concertina_benches::contender::on_engine;
use concertina_benches::shape::Shape;
use concertina_benches::sizes::{Grown, Sizes, all_filled};
use concertina_engine::{Connect, Engine, Settings};
use concertina_sandbox::Postgres;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// Measures one backfill on tables of different size and build.
#[derive(Debug, Parser)]
struct Words {
    /// Millions of rows of the tables of shape crm, one after the other
    #[arg(long, value_delimiter = ',', default_value = "1,4,16")]
    millions: Vec<u64>,
    /// Rows of the tables of other shapes
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// Write the measures to this file
    #[arg(long)]
    json: Option<PathBuf>,
}

/// What one table gave.
#[derive(Debug, Serialize)]
struct Point {
    shape: String,
    rows: u64,
    rows_per_second: f64,
    heap_growth: f64,
    index_growth: f64,
    wal_bytes_per_row: f64,
    /// From the start of a run that takes up another's work to its first batch.
    resume_ms: f64,
    /// The most memory that this process has had so far, in mebibytes.
    memory_mib: f64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let words = Words::parse();
    let sizes = words
        .millions
        .iter()
        .map(|millions| (Shape::Crm, millions * 1_000_000));
    let others = [
        Shape::Noindex,
        Shape::Narrow,
        Shape::Manyindex,
        Shape::Wide,
        Shape::Join,
    ];
    let tables: Vec<(Shape, u64)> = sizes
        .chain(others.into_iter().map(|shape| (shape, words.rows)))
        .collect();
    say(
        "| shape | rows | rows/s | heap | indexes | WAL B/row | first batch after a restart, ms | memory MiB |",
    );
    say("|---|---|---|---|---|---|---|---|");
    let mut points = Vec::new();
    for (shape, rows) in tables {
        let point = measure(shape, rows).await?;
        say(&format!(
            "| {} | {}k | {:.0}k | {:.2} | {:.2} | {:.0} | {:.0} | {:.0} |",
            point.shape,
            rows / 1_000,
            point.rows_per_second / 1e3,
            point.heap_growth,
            point.index_growth,
            point.wal_bytes_per_row,
            point.resume_ms,
            point.memory_mib
        ));
        points.push(point);
    }
    if let Some(path) = words.json {
        std::fs::write(path, serde_json::to_string_pretty(&points)?)?;
    }
    Ok(())
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Fills the column of a fresh table, with a stop on the way.
async fn measure(shape: Shape, rows: u64) -> Result<Point> {
    let settings = [
        ("shared_buffers", "1GB"),
        ("max_wal_size", "16GB"),
        ("checkpoint_timeout", "30min"),
        ("autovacuum", "off"),
    ];
    let server = Postgres::start(&settings).await?;
    server.create_database("run", None).await?;
    let client = server.connect("run").await?;
    client.batch_execute(&shape.schema(rows)).await?;
    client.batch_execute("VACUUM ANALYZE t").await?;
    client.batch_execute("CHECKPOINT").await?;
    let connect = Connect::parse(&server.url("run"))?;
    let engine = || {
        Engine::new(
            connect.clone(),
            Settings {
                eager: true,
                ..Settings::default()
            },
            Arc::new(|_| {}),
        )
    };

    let before = Sizes::of(&client, server.pid()).await?;
    let (first, stopper) = engine();
    let began = Instant::now();
    let half = tokio::spawn(async move {
        on_engine(&first, shape)
            .await
            .map_err(|error| error.to_string())
    });
    while done(&client).await? < rows / 2 {
        if half.is_finished() {
            return Err(format!("the run ended early: {:?}", half.await?).into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stopper.stop();
    drop(half.await?);
    let mut seconds = began.elapsed().as_secs_f64();

    let reached = done(&client).await?;
    let (second, _stopper) = engine();
    let began = Instant::now();
    let rest = tokio::spawn(async move {
        on_engine(&second, shape)
            .await
            .map_err(|error| error.to_string())
    });
    while done(&client).await? == reached && !rest.is_finished() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let resume_ms = began.elapsed().as_secs_f64() * 1_000.0;
    rest.await??;
    seconds += began.elapsed().as_secs_f64();

    let after = Sizes::of(&client, server.pid()).await?;
    all_filled(&client).await?;
    let grown = Grown::between(&before, &after, rows);
    Ok(Point {
        shape: format!("{shape:?}").to_lowercase(),
        rows,
        rows_per_second: rows as f64 / seconds,
        heap_growth: grown.heap,
        index_growth: grown.indexes,
        wal_bytes_per_row: grown.wal_bytes_per_row,
        resume_ms,
        memory_mib: memory_mib(),
    })
}

/// Rows that the checkpoints count, or 0 before there are any.
async fn done(client: &Client) -> Result<u64> {
    let exists: bool = client
        .query_one("SELECT to_regclass('concertina.range') IS NOT NULL", &[])
        .await?
        .get(0);
    if !exists {
        return Ok(0);
    }
    let rows: i64 = client
        .query_one(
            "SELECT coalesce(sum(rows), 0)::bigint FROM concertina.range",
            &[],
        )
        .await?
        .get(0);
    Ok(u64::try_from(rows)?)
}

fn memory_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<f64>().ok())
        .map_or(0.0, |kib| kib / 1_024.0)
}
