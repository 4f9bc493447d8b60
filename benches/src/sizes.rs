//! What a table weighs, and what a change of all its rows did to that.

use crate::Result;
use tokio_postgres::Client;

/// Sizes of table `t` in bytes, and the position in the WAL.
pub struct Sizes {
    heap: f64,
    indexes: f64,
    wal: f64,
}

impl Sizes {
    /// As they are now.
    ///
    /// # Errors
    ///
    /// When the server can't tell.
    pub async fn of(client: &Client) -> Result<Sizes> {
        let sql = "SELECT pg_relation_size('t')::float8, pg_indexes_size('t')::float8,
                          pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8";
        let row = client.query_one(sql, &[]).await?;
        Ok(Sizes { heap: row.get(0), indexes: row.get(1), wal: row.get(2) })
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
}

impl Grown {
    /// From one to the other, by so many rows.
    pub fn between(before: &Sizes, after: &Sizes, rows: u64) -> Grown {
        let ratio = |after: f64, before: f64| if before > 0.0 { after / before } else { 1.0 };
        Grown {
            heap: ratio(after.heap, before.heap),
            indexes: ratio(after.indexes, before.indexes),
            wal_bytes_per_row: (after.wal - before.wal) / rows as f64,
        }
    }
}

/// Checks that column `v` of table `t` has a value in every row.
///
/// # Errors
///
/// When a row is left.
pub async fn all_filled(client: &Client) -> Result<()> {
    let left: i64 = client.query_one("SELECT count(*) FROM t WHERE v IS NULL", &[]).await?.get(0);
    if left > 0 { Err(format!("{left} rows are left").into()) } else { Ok(()) }
}
