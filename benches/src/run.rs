//! One measured run: a fresh copy of the data, traffic on it, and a contender.

use crate::Result;
use crate::contender::Contender;
use crate::shape::Shape;
use crate::sizes::{Grown, Sizes, all_filled};
use concertina_sandbox::{Operation, Postgres, Proxy, Traffic};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long the traffic runs before the contender begins.
const ALONE: Duration = Duration::from_secs(3);

/// What goes on beside a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Around {
    /// Queries a second of the traffic; 0 for none.
    pub rate: u32,
    /// Whether three in ten of them write.
    pub writes: bool,
    /// From who works to the server and back; the traffic stays near by.
    pub way: Duration,
    /// So many threads are at other work all the while.
    pub busy: usize,
}

/// What one run gave.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Measured {
    /// Who ran.
    pub contender: String,
    /// Rows a second.
    pub rows_per_second: f64,
    /// The table's size after, as a multiple of before.
    pub heap_growth: f64,
    /// The same for its indexes; 1 where there are none.
    pub index_growth: f64,
    /// WAL, in bytes a row.
    pub wal_bytes_per_row: f64,
    /// The longest transaction seen, in milliseconds; sampled every 5 ms.
    pub longest_transaction_ms: f64,
    /// Latency of the traffic before, in milliseconds.
    pub alone_p99_ms: f64,
    /// Latency of the traffic beside it, in milliseconds.
    pub p99_ms: f64,
    /// The longest query of the traffic beside it, in milliseconds.
    pub longest_stall_ms: f64,
    /// Queries of the traffic that failed.
    pub failed: u64,
    /// GB of the table an hour.
    #[serde(default)]
    pub gigabytes_per_hour: f64,
    /// Transactions, those of the traffic included.
    #[serde(default)]
    pub commits: f64,
    /// Seconds of a core that the server worked for a million rows, for the traffic, too.
    #[serde(default)]
    pub cpu_seconds_per_million: f64,
}

/// Reads by key, with three in ten that also update.
fn traffic(rows: i64, writes: bool) -> Vec<Operation> {
    let any = 1..rows + 1;
    let mut all = vec![Operation::new(
        7,
        "SELECT id, n, k1 FROM t WHERE id = $1",
        std::slice::from_ref(&any),
    )];
    if writes {
        all.push(Operation::new(
            3,
            "UPDATE t SET n = n + 1 WHERE id = $1",
            std::slice::from_ref(&any),
        ));
    }
    all
}

/// Threads at other work, until dropped.
struct Busy(Arc<AtomicBool>);

impl Busy {
    fn start(threads: usize) -> Busy {
        let stop = Arc::new(AtomicBool::new(false));
        for _ in 0..threads {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::black_box(
                        (0_u64..100_000).fold(0, |sum, number| sum ^ number.wrapping_mul(sum + 7)),
                    );
                }
            });
        }
        Busy(stop)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs a contender on a copy of database `master`.
///
/// # Errors
///
/// The first that happens; also when a row is left.
pub async fn run(
    server: &Postgres,
    shape: Shape,
    rows: u64,
    contender: Contender,
    around: Around,
) -> Result<Measured> {
    let admin = server.connect("postgres").await?;
    admin
        .batch_execute("DROP DATABASE IF EXISTS run WITH (FORCE)")
        .await?;
    server.create_database("run", Some("master")).await?;
    let url = server.url("run");
    let client = server.connect("run").await?;
    for statement in contender.prepare(shape) {
        client.batch_execute(&statement).await?;
    }
    client.batch_execute("VACUUM ANALYZE t").await?;
    client.batch_execute("CHECKPOINT").await?;
    // Without a key every query would read the whole table: such a shape is measured alone.
    let rate = if shape == Shape::Noindex {
        0
    } else {
        around.rate
    };
    let _busy = Busy::start(around.busy);
    let traffic = match rate {
        0 => None,
        rate => {
            Some(Traffic::start(&url, 8, rate, traffic(i64::try_from(rows)?, around.writes)).await?)
        }
    };
    tokio::time::sleep(ALONE).await;
    let alone = traffic.as_ref().map(Traffic::report).unwrap_or_default();
    let (longest, watch) = watch(&url).await?;
    let (line, far) = at_the_end_of(server, around.way).await?;
    let worker = match &line {
        Some(_) => connected(&far).await?,
        None => server.connect("run").await?,
    };
    let before = Sizes::of(&client, server.pid()).await?;
    let began = Instant::now();
    contender.fill(shape, &far, &worker).await?;
    let seconds = began.elapsed().as_secs_f64();
    let after = Sizes::of(&client, server.pid()).await?;
    longest.store(true, Ordering::Relaxed);
    let longest_transaction_ms = watch.await?;
    let beside = match traffic {
        Some(traffic) => traffic.stop().await,
        None => alone.clone(),
    };
    all_filled(&client)
        .await
        .map_err(|left| format!("{}: {left}", contender.name()))?;
    let grown = Grown::between(&before, &after, rows);
    Ok(Measured {
        contender: contender.name(),
        rows_per_second: rows as f64 / seconds,
        heap_growth: grown.heap,
        index_growth: grown.indexes,
        wal_bytes_per_row: grown.wal_bytes_per_row,
        longest_transaction_ms,
        alone_p99_ms: alone.p99_ms,
        p99_ms: beside.p99_ms,
        longest_stall_ms: beside.longest_stall_ms,
        failed: beside.failed + alone.failed,
        gigabytes_per_hour: grown.gigabytes / seconds * 3_600.0,
        commits: grown.commits,
        cpu_seconds_per_million: grown.cpu_seconds / rows as f64 * 1e6,
    })
}

/// The address of the server for who is to work, so far away, there and back.
async fn at_the_end_of(server: &Postgres, way: Duration) -> Result<(Option<Proxy>, String)> {
    if way.is_zero() {
        return Ok((None, server.url("run")));
    }
    let proxy = Proxy::start(server.port()).await?;
    proxy.delay(way / 2);
    let url = format!(
        "postgres://postgres@127.0.0.1:{}/run?sslmode=disable",
        proxy.port()
    );
    Ok((Some(proxy), url))
}

async fn connected(url: &str) -> Result<tokio_postgres::Client> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Looks for the longest open transaction that writes, until told to stop.
async fn watch(url: &str) -> Result<(Arc<AtomicBool>, tokio::task::JoinHandle<f64>)> {
    // Named so that it isn't taken for someone at work.
    let url = format!("{url}&application_name=concertina_watch");
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stop);
    let watch = tokio::spawn(async move {
        let sql = "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)) * 1000, 0)::float8
                   FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL";
        let mut longest = 0.0_f64;
        while !seen.load(Ordering::Relaxed) {
            if let Ok(row) = client.query_one(sql, &[]).await {
                longest = longest.max(row.get(0));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        longest
    });
    Ok((stop, watch))
}

#[cfg(test)]
impl Measured {
    /// A run of which only the rate matters.
    pub(crate) fn at_rate(contender: &str, rows_per_second: f64) -> Measured {
        Measured {
            contender: contender.to_owned(),
            rows_per_second,
            heap_growth: 1.0,
            index_growth: 1.0,
            wal_bytes_per_row: 1.0,
            longest_transaction_ms: 1.0,
            alone_p99_ms: 1.0,
            p99_ms: 1.0,
            longest_stall_ms: 1.0,
            failed: 1,
            gigabytes_per_hour: 1.0,
            commits: 1.0,
            cpu_seconds_per_million: 1.0,
        }
    }
}
