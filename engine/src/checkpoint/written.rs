//! Which transactions were ours: of statements that were run as they are written. Rows that they
//! wrote are nobody else's until somebody else writes them.

use super::exists;
use crate::connection::session::Session;
use crate::error::Error;
use std::fmt::Write;

/// Ranges of transaction ids, as they stand in `xmin`, subtransactions included.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written(Vec<(i64, i64)>);

impl Written {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// SQL that is true for a transaction id of ours.
    pub(crate) fn condition(&self, xmin: &str) -> String {
        let mut sql = String::from("false");
        for (first, last) in &self.0 {
            let _ = write!(sql, " OR {xmin}::text::bigint BETWEEN {first} AND {last}");
        }
        sql
    }

    /// Ranges without a gap between them are one.
    fn joined(ranges: impl IntoIterator<Item = (i64, i64)>) -> Written {
        let mut joined: Vec<(i64, i64)> = Vec::new();
        for (first, last) in ranges {
            match joined.last_mut() {
                Some(before) if first <= before.1 + 1 => before.1 = before.1.max(last),
                _ => joined.push((first, last)),
            }
        }
        Written(joined)
    }
}

/// The transactions of ours that wrote what is here. Where a dump was restored the records were
/// written by another transaction than they say, and tell nothing.
pub(crate) async fn written(session: &Session) -> Result<Written, Error> {
    if !exists(session).await? {
        return Ok(Written::default());
    }
    let there = "SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'concertina.step'::regclass AND attname = 'xid_last')";
    if !session
        .query_one("looking at our records", there, &[])
        .await?
        .get::<_, bool>(0)
    {
        return Ok(Written::default());
    }
    written_here(session).await
}

/// The same where our tables are known to be there, in today's form.
pub(crate) async fn written_here(session: &Session) -> Result<Written, Error> {
    let sql = "SELECT xid_first, xid_last FROM concertina.step
               WHERE xid_last = xmin::text::bigint AND xid_first <= xid_last ORDER BY xid_first";
    let rows = session
        .query("reading which transactions were ours", sql, &[])
        .await?;
    Ok(Written::joined(
        rows.iter().map(|row| (row.get(0), row.get(1))),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_range() {
        let joined = Written::joined([(5, 5), (6, 9), (7, 8), (11, 12)]);
        assert_eq!(joined.0, [(5, 9), (11, 12)]);
        let none = Written::default();
        assert_eq!(none.condition("xmin"), "false");
    }
}
