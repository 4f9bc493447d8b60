//! A throwaway PostgreSQL and live traffic on it, for the demo, the tests and the benches.
//!
//! ```no_run
//! # async fn example() -> Result<(), concertina_sandbox::Error> {
//! use concertina_sandbox::{Operation, Postgres, Traffic};
//!
//! let server = Postgres::start(&[]).await?;
//! let client = server.connect("postgres").await?;
//! client.batch_execute("CREATE TABLE t AS SELECT g AS id, 0 AS n FROM generate_series(1, 100) g").await.unwrap();
//! let operations = vec![Operation::new(1, "UPDATE t SET n = n + 1 WHERE id = $1", &[1..101])];
//! let traffic = Traffic::start(&server.url("postgres"), 4, 200, operations).await?;
//! let report = traffic.stop().await;
//! assert_eq!(report.failed, 0);
//! # Ok(()) }
//! ```
//!
//! # Layout
//!
//! [`binaries`]: where PostgreSQL's programs are · [`Postgres`]: a server of one's own, gone when dropped ·
//! [`Pooler`]: PgBouncer in front of it ·
//! [`Proxy`]: a network that can't be relied on · [`Clock`]: a clock that jumps · [`Traffic`]: queries at a fixed rate whatever happens, with latency from their planned start.

pub mod binaries;
mod clock;
mod error;
mod pooler;
mod postgres;
mod proxy;
mod traffic;

pub use clock::Clock;
pub use error::Error;
pub use pooler::Pooler;
pub use postgres::Postgres;
pub use proxy::Proxy;
pub use traffic::{Operation, Report, Traffic};
