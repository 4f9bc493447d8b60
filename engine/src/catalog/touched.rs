//! Which relations revisions may be about, where there are too many to read all of them.
//!
//! Every relation whose name is a word of theirs, of a function or of a plan that is under way, and every one that is tied to these: by
//! inheritance, foreign keys, views, sequences and row types, however far. That is more than it takes, and never less.

use crate::error::Error;
use crate::session::Session;
use concertina_revisions::Revision;
use std::collections::BTreeSet;

/// Up to so many relations all are read.
const FEW: i64 = 1_500;

/// The oids of relations; none where all of them have to be read.
pub(super) async fn by(session: &Session, versions: bool, revisions: &[&Revision]) -> Result<Option<Vec<u32>>, Error> {
    let doing = "looking what is touched";
    let sql = "SELECT count(*), EXISTS (SELECT FROM pg_namespace n WHERE obj_description(n.oid, 'pg_namespace') ~ '^concertina version '),
                   to_regclass('concertina.revision') IS NOT NULL
               FROM pg_class WHERE relkind IN ('r', 'p', 'f', 'v', 'm')";
    let row = session.query_one(doing, sql, &[]).await?;
    let (count, has_versions, has_records): (i64, bool, bool) = (row.get(0), row.get(1), row.get(2));
    if count <= FEW || versions || has_versions {
        return Ok(None);
    }
    let mut words = BTreeSet::new();
    for revision in revisions {
        let Some(named) = revision.words() else { return Ok(None) };
        words.extend(named);
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let plans = if has_records {
        "UNION SELECT word FROM concertina.revision r, regexp_split_to_table(r.plan::text, '[^[:alnum:]_$]+') AS word WHERE r.state <> 'applied'"
    } else {
        ""
    };
    let sql = include_str!("touched.sql").replace("-- plans", plans);
    let rows = session.query(doing, &sql, &[&words]).await?;
    Ok(Some(rows.iter().map(|row| row.get(0)).collect()))
}
