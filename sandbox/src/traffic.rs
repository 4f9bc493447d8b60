//! Live traffic at a fixed rate. Open loop: a query that is late because the one before it hung
//! counts from the moment it should have begun, as a waiting customer would count. Each client has
//! a thread of its own, as an application elsewhere would, so that neither the timers nor the work
//! of whoever else is in this process disturb it.

use crate::error::Error;
use hdrhistogram::Histogram;
use parking_lot::{Mutex, RwLock};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Statement};

/// How many different errors are kept.
const ERRORS_KEPT: usize = 5;

/// One kind of query: its share of the traffic, its text, and the range of each `bigint` parameter.
#[derive(Debug, Clone)]
pub struct Operation {
    weight: u32,
    sql: String,
    parameters: Vec<Range<i64>>,
}

impl Operation {
    /// A query with its weight among the others.
    pub fn new(weight: u32, sql: &str, parameters: &[Range<i64>]) -> Operation {
        Operation {
            weight,
            sql: sql.to_owned(),
            parameters: parameters.to_vec(),
        }
    }
}

/// What came of the traffic.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Queries that were answered or refused.
    pub queries: u64,
    /// Queries that failed.
    pub failed: u64,
    /// The median latency, in milliseconds.
    pub p50_ms: f64,
    /// Of a hundred queries one took longer, in milliseconds.
    pub p99_ms: f64,
    /// The longest latency, in milliseconds.
    pub longest_stall_ms: f64,
    /// Some of the errors.
    pub errors: Vec<String>,
}

struct Shared {
    version: RwLock<Version>,
    histogram: Mutex<Histogram<u64>>,
    queries: AtomicU64,
    failed: AtomicU64,
    errors: Mutex<Vec<String>>,
    stop: AtomicBool,
}

/// What the clients do, and where: a version of the application.
#[derive(Clone)]
struct Version {
    number: u64,
    url: String,
    operations: Arc<Vec<Operation>>,
}

/// Running traffic.
pub struct Traffic {
    shared: Arc<Shared>,
    clients: Vec<std::thread::JoinHandle<()>>,
}

impl Traffic {
    /// Starts traffic on a number of connections, with so many queries a second altogether.
    ///
    /// # Errors
    ///
    /// When the database can't be reached.
    pub async fn start(
        url: &str,
        connections: u32,
        rate: u32,
        operations: Vec<Operation>,
    ) -> Result<Traffic, Error> {
        let shared = Arc::new(Shared {
            version: RwLock::new(Version {
                number: 1,
                url: url.to_owned(),
                operations: Arc::new(operations),
            }),
            histogram: Mutex::new(empty()),
            queries: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            errors: Mutex::new(Vec::new()),
            stop: AtomicBool::new(false),
        });
        let mut clients = Vec::new();
        let period = Duration::from_secs(1) * connections / rate.max(1);
        let (opened, mut ready) = mpsc::unbounded_channel();
        for number in 0..connections {
            let (shared, opened) = (Arc::clone(&shared), opened.clone());
            let offset = period * number / connections;
            clients.push(std::thread::spawn(move || {
                client(&shared, opened, period, offset, u64::from(number));
            }));
        }
        drop(opened);
        let traffic = Traffic { shared, clients };
        while let Some(opened) = ready.recv().await {
            if let Err(error) = opened {
                traffic.stop().await;
                return Err(error);
            }
        }
        Ok(traffic)
    }

    /// Replaces the queries from now on, as when a new version of an application is rolled out.
    pub fn switch(&self, operations: Vec<Operation>) {
        let url = self.shared.version().url;
        self.deploy(&url, operations);
    }

    /// The same for a version that connects in another way. Each client ends what it does first.
    pub fn deploy(&self, url: &str, operations: Vec<Operation>) {
        let mut current = self.shared.version.write();
        *current = Version {
            number: current.number + 1,
            url: url.to_owned(),
            operations: Arc::new(operations),
        };
    }

    /// What came of the traffic since the start or since this was last asked.
    pub fn report(&self) -> Report {
        let histogram = std::mem::replace(&mut *self.shared.histogram.lock(), empty());
        let errors = std::mem::take(&mut *self.shared.errors.lock());
        let ms = |micros: u64| micros as f64 / 1_000.0;
        Report {
            queries: self.shared.queries.swap(0, Ordering::Relaxed),
            failed: self.shared.failed.swap(0, Ordering::Relaxed),
            p50_ms: ms(histogram.value_at_quantile(0.5)),
            p99_ms: ms(histogram.value_at_quantile(0.99)),
            longest_stall_ms: ms(histogram.max()),
            errors,
        }
    }

    /// Stops, and gives what came of the traffic since the last report.
    pub async fn stop(mut self) -> Report {
        self.shared.stop.store(true, Ordering::Relaxed);
        let clients = std::mem::take(&mut self.clients);
        tokio::task::spawn_blocking(|| clients.into_iter().for_each(|client| drop(client.join())))
            .await
            .ok();
        self.report()
    }
}

impl Shared {
    fn version(&self) -> Version {
        self.version.read().clone()
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }
}

/// Latencies in microseconds up to an hour, to three digits.
fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 3_600_000_000, 3).expect("the bounds are in order")
}

async fn open(url: &str) -> Result<Client, Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// One client, with a thread and a runtime of its own.
fn client(
    shared: &Shared,
    opened: mpsc::UnboundedSender<Result<(), Error>>,
    period: Duration,
    offset: Duration,
    seed: u64,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            opened
                .send(Err(Error::Io {
                    doing: "starting a client".to_owned(),
                    cause: error,
                }))
                .ok();
            return;
        }
    };
    let first = runtime.block_on(open(&shared.version().url));
    let (client, answer) =
        first.map_or_else(|error| (None, Err(error)), |client| (Some(client), Ok(())));
    // Nobody listens any more when another client could not connect.
    opened.send(answer).ok();
    drop(opened);
    if let Some(client) = client {
        runtime.block_on(run(shared, client, period, offset, seed));
    }
}

async fn run(shared: &Shared, mut client: Client, period: Duration, offset: Duration, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let (mut known, mut url) = (0, shared.version().url);
    let mut operations = Arc::new(Vec::new());
    let mut statements: Vec<Statement> = Vec::new();
    let mut planned = Instant::now() + offset;
    while !shared.stop.load(Ordering::Relaxed) {
        // Late because the query before hung: it counts from the plan. Late because the timer is
        // coarse: it does not.
        let hung = Instant::now() >= planned;
        // A timer of the runtime would be as coarse as a millisecond.
        std::thread::sleep(planned.saturating_duration_since(Instant::now()));
        let due = if hung { planned } else { Instant::now() };
        let current = shared.version();
        let result = async {
            if client.is_closed() || url != current.url {
                client = open(&current.url)
                    .await
                    .map_err(|error| error.to_string())?;
                (known, url) = (0, current.url);
            }
            if known != current.number {
                statements.clear();
                for operation in current.operations.iter() {
                    statements.push(
                        client
                            .prepare(&operation.sql)
                            .await
                            .map_err(|error| text(&error))?,
                    );
                }
                (known, operations) = (current.number, current.operations);
            }
            let chosen = choose(&operations, &mut random);
            let values: Vec<i64> = operations[chosen]
                .parameters
                .iter()
                .map(|range| random.random_range(range.clone()))
                .collect();
            let parameters: Vec<&(dyn ToSql + Sync)> =
                values.iter().map(|value| value as _).collect();
            client
                .query(&statements[chosen], &parameters)
                .await
                .map_err(|error| text(&error))
        }
        .await;
        let micros = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
        shared.histogram.lock().saturating_record(micros.max(1));
        shared.queries.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = result {
            shared.failed.fetch_add(1, Ordering::Relaxed);
            let mut errors = shared.errors.lock();
            if errors.len() < ERRORS_KEPT && !errors.contains(&error) {
                errors.push(error);
            }
        }
        planned += period;
    }
}

fn text(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(
        || error.to_string(),
        |db| format!("{} [{}]", db.message(), db.code().code()),
    )
}

fn choose(operations: &[Operation], random: &mut StdRng) -> usize {
    let total: u32 = operations.iter().map(|operation| operation.weight).sum();
    let mut draw = random.random_range(0..total.max(1));
    operations
        .iter()
        .position(|operation| {
            let here = draw < operation.weight;
            draw = draw.saturating_sub(operation.weight);
            here
        })
        .unwrap_or(0)
}
