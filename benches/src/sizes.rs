//! What a table weighs, and what a change of all its rows did to that.

use crate::Result;
use tokio_postgres::Client;

/// Sizes of table `t` in bytes, and the position in the WAL.
pub struct Sizes {
    heap: f64,
    indexes: f64,
    wal: f64,
    commits: f64,
    /// Seconds of a core that the server's processes have worked.
    cpu: f64,
}

impl Sizes {
    /// As they are now.
    ///
    /// # Errors
    ///
    /// When the server can't tell.
    pub async fn of(client: &Client, server: u32) -> Result<Sizes> {
        let sql = "SELECT pg_relation_size('t')::float8, pg_indexes_size('t')::float8,
                          pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8,
                          (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database())::float8";
        let row = client.query_one(sql, &[]).await?;
        let cpu = worked(server);
        Ok(Sizes {
            heap: row.get(0),
            indexes: row.get(1),
            wal: row.get(2),
            commits: row.get(3),
            cpu,
        })
    }
}

/// What came between two weighings.
pub struct Grown {
    /// The table's size after, as a multiple of before.
    pub heap: f64,
    /// The same for its indexes; 1 where there are none.
    pub indexes: f64,
    /// WAL, in bytes a row.
    pub wal_bytes_per_row: f64,
    /// The table's size before, in GB.
    pub gigabytes: f64,
    /// Transactions, those of the traffic included.
    pub commits: f64,
    /// Seconds of a core that the server's processes worked, for the traffic, too.
    pub cpu_seconds: f64,
}

impl Grown {
    /// From one to the other, by so many rows.
    pub fn between(before: &Sizes, after: &Sizes, rows: u64) -> Grown {
        let ratio = |after: f64, before: f64| if before > 0.0 { after / before } else { 1.0 };
        Grown {
            heap: ratio(after.heap, before.heap),
            indexes: ratio(after.indexes, before.indexes),
            wal_bytes_per_row: (after.wal - before.wal) / rows as f64,
            gigabytes: before.heap / 1e9,
            commits: after.commits - before.commits,
            cpu_seconds: after.cpu - before.cpu,
        }
    }
}

/// Ticks of a second in `/proc`: what Linux has on every machine that PostgreSQL's packages are
/// built for.
const TICKS: f64 = 100.0;

/// Seconds of a core that a server has worked: its processes that are there, and those that are
/// gone. Source: proc(5), `stat`.
fn worked(server: u32) -> f64 {
    let stat = |pid: u32| {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name, in parentheses, may hold anything.
        let fields: Vec<String> = text
            .rsplit_once(')')?
            .1
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        (fields.len() > 14).then_some(fields)
    };
    let of = |fields: &[String], numbers: std::ops::Range<usize>| -> f64 {
        fields[numbers]
            .iter()
            .map(|ticks| ticks.parse().unwrap_or(0.0))
            .sum()
    };
    let ended = stat(server).map_or(0.0, |fields| of(&fields, 11..15));
    let alive = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let alive = alive
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter_map(stat);
    let parent = server.to_string();
    let alive: f64 = alive
        .filter(|fields| fields[1] == parent)
        .map(|fields| of(&fields, 11..13))
        .sum();
    (ended + alive) / TICKS
}

/// Checks that column `v` of table `t` has a value in every row.
///
/// # Errors
///
/// When a row is left.
pub async fn all_filled(client: &Client) -> Result<()> {
    let left: i64 = client
        .query_one("SELECT count(*) FROM t WHERE v IS NULL", &[])
        .await?
        .get(0);
    if left > 0 {
        Err(format!("{left} rows are left").into())
    } else {
        Ok(())
    }
}
