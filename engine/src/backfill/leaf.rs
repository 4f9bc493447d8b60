//! The tables that hold the rows: the table itself, its partitions, its children.

use super::window::Passes;
use crate::connection::session::Session;
use crate::error::Error;
use concertina_planner::action::Backfill;
use concertina_revisions::{Ident, TableName};

/// A table with rows of its own.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) oid: u32,
    pub(crate) name: TableName,
    /// Whether its blocks can be walked in order.
    pub(crate) heap: bool,
    /// Changes when the table is rewritten.
    pub(crate) filenode: u32,
    pub(crate) blocks: i64,
    /// Estimated.
    pub(crate) rows: f64,
}

impl Leaf {
    /// Whether its pages hold enough rows for HOT windows.
    pub(crate) fn in_windows(&self) -> bool {
        Passes::new(true, self.rows_per_block(), u16::MAX).next(false) > 1
    }

    pub(crate) fn rows_per_block(&self) -> f64 {
        if self.blocks == 0 {
            0.0
        } else {
            self.rows / self.blocks as f64
        }
    }
}

/// All tables that hold rows of a table.
pub(crate) async fn leaves(session: &Session, table: &TableName) -> Result<Vec<Leaf>, Error> {
    // Sizes are today's; statistics are scaled to them, and guessed where there are none.
    let sql = "WITH RECURSIVE family AS (
            SELECT to_regclass($1)::oid AS member
            UNION ALL
            SELECT i.inhrelid FROM family JOIN pg_inherits i ON i.inhparent = family.member),
        sized AS (
            SELECT c.*, CASE WHEN c.relkind = 'r'
                             THEN pg_relation_size(c.oid) / current_setting('block_size')::bigint ELSE 0 END AS blocks
            FROM family JOIN pg_class c ON c.oid = family.member WHERE c.relkind IN ('r', 'f'))
        SELECT s.oid, n.nspname, s.relname, coalesce(a.amname = 'heap', false),
               coalesce(pg_relation_filenode(s.oid), 0::oid), s.blocks,
               (CASE WHEN s.reltuples >= 0 AND s.relpages > 0 THEN s.reltuples / s.relpages * s.blocks
                     ELSE 50 * s.blocks END)::float8
        FROM sized s JOIN pg_namespace n ON n.oid = s.relnamespace LEFT JOIN pg_am a ON a.oid = s.relam
        ORDER BY s.oid";
    let rows = session
        .query("looking at the table's partitions", sql, &[&table.sql()])
        .await?;
    Ok(rows
        .iter()
        .map(|row| Leaf {
            oid: row.get(0),
            name: TableName {
                schema: Ident::new(row.get::<_, String>(1)),
                name: Ident::new(row.get::<_, String>(2)),
            },
            heap: row.get(3),
            filenode: row.get(4),
            blocks: row.get(5),
            rows: row.get(6),
        })
        .collect())
}

/// The key to walk a table by, with each column's type: the one that the author named, else the
/// primary key, else a unique key over columns that are never NULL.
pub(crate) async fn key(
    session: &Session,
    backfill: &Backfill,
    leaf: &Leaf,
) -> Result<Vec<(Ident, String)>, Error> {
    let doing = "looking for a key to walk the table by";
    let rows = match &backfill.key {
        Some(columns) => {
            let names: Vec<&str> = columns.iter().map(Ident::as_str).collect();
            let sql = "SELECT a.attname, format_type(a.atttypid, a.atttypmod)
                       FROM unnest($2::text[]) WITH ORDINALITY AS k (name, place)
                       JOIN pg_attribute a ON a.attrelid = $1 AND a.attname = k.name ORDER BY k.place";
            session.query(doing, sql, &[&leaf.oid, &names]).await?
        }
        None => {
            let sql = "SELECT a.attname, format_type(a.atttypid, a.atttypmod)
                       FROM (SELECT i.* FROM pg_index i
                             WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
                               AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = i.indrelid
                                               AND a.attnum = ANY (i.indkey::int2[]) AND NOT a.attnotnull)
                             ORDER BY i.indisprimary DESC, i.indnkeyatts LIMIT 1) AS i,
                            unnest(i.indkey::int2[]) WITH ORDINALITY AS k (number, place)
                       JOIN pg_attribute a ON a.attrelid = $1 AND a.attnum = k.number
                       WHERE k.place <= i.indnkeyatts ORDER BY k.place";
            session.query(doing, sql, &[&leaf.oid]).await?
        }
    };
    if rows.is_empty() {
        return Err(Error::NoKey {
            table: leaf.name.shown(),
        });
    }
    Ok(rows
        .iter()
        .map(|row| (Ident::new(row.get::<_, String>(0)), row.get(1)))
        .collect())
}
