//! Which relations revisions may be about, where there are too many to read all of them.
//!
//! Every relation whose name is a word of theirs, of a function or of a plan that is under way, and
//! every one that is tied to these: by inheritance, foreign keys, views, sequences and row types,
//! however far. That is more than it takes, and never less.

use super::rows::{holds_others, pages_max};
use crate::checkpoint;
use crate::connection::session::Session;
use crate::error::{Class, Error};
use concertina_revisions::{Revision, TableName};
use std::collections::BTreeSet;

/// Up to so many relations all are read.
const FEW: i64 = 1_500;

/// The oids of relations; none where all of them have to be read.
pub(super) async fn by(
    session: &Session,
    versions: bool,
    revisions: &[&Revision],
) -> Result<Option<Vec<u32>>, Error> {
    let doing = "looking what is touched";
    let sql = "SELECT count(*), EXISTS (SELECT FROM pg_namespace n WHERE obj_description(n.oid, 'pg_namespace') ~ '^concertina version '),
                   to_regclass('concertina.revision') IS NOT NULL
               FROM pg_class WHERE relkind IN ('r', 'p', 'f', 'v', 'm')";
    let row = session.query_one(doing, sql, &[]).await?;
    let (count, has_versions, has_records): (i64, bool, bool) =
        (row.get(0), row.get(1), row.get(2));
    if count <= FEW || versions || has_versions || !has_rows(session).await? {
        return Ok(None);
    }
    let mut words = BTreeSet::new();
    for revision in revisions {
        let Some(named) = revision.words() else {
            return Ok(None);
        };
        words.extend(named);
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let plans = if has_records {
        "UNION SELECT word FROM concertina.revision r, regexp_split_to_table(regexp_replace(concat(r.plan, ' ', r.reverse), '\\\\[nrtbf]', ' ', 'g'), '[^[:alnum:]_$]+') AS word
         WHERE r.state <> 'applied' OR r.id = ANY ($2)"
    } else {
        ""
    };
    let sql = include_str!("touched.sql").replace("-- plans", plans);
    let ids: Vec<&str> = revisions
        .iter()
        .map(|revision| revision.id.as_str())
        .collect();
    let rows = if has_records {
        session.query(doing, &sql, &[&words, &ids]).await?
    } else {
        session.query(doing, &sql, &[&words]).await?
    };
    Ok(Some(rows.iter().map(|row| row.get(0)).collect()))
}

/// So many tables are asked for a row before each table is.
const ASKED_MAX: i64 = 20;

/// Whether the database surely holds rows of somebody: where it may not, each table is asked.
async fn has_rows(session: &Session) -> Result<bool, Error> {
    let doing = "looking for tables with rows";
    let written = checkpoint::written(session).await?;
    let pages = i32::try_from(pages_max(&written)).unwrap_or(i32::MAX);
    let sql = "SELECT EXISTS (SELECT FROM pg_class c WHERE c.relkind IN ('r', 'm') AND c.relpages > $1 AND c.oid >= 16384
                   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
                   AND c.relnamespace <> coalesce(to_regnamespace('concertina')::oid, 0)
                   AND c.relnamespace <> 'pg_toast'::regnamespace)";
    if session.query_one(doing, sql, &[&pages]).await?.get(0) {
        return Ok(true);
    }
    // Nothing of that size was analyzed: some that have blocks are asked.
    let sql = "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.oid >= 16384 AND n.nspname <> 'concertina'
                 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
                 AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AND NOT row_security_active(c.oid)
                 AND pg_relation_size(c.oid) > 0
               LIMIT $1";
    for row in session.query(doing, sql, &[&ASKED_MAX]).await? {
        let table = TableName::new(row.get::<_, &str>(0), row.get::<_, &str>(1));
        match holds_others(session, &table, &written).await {
            Ok(false) => {}
            Ok(true) => return Ok(true),
            // Another is asked.
            Err(error) if error.class() == Class::Contention => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}
