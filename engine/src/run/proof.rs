//! Questions to the catalog whose answers tell that work is done.

use crate::connection::session::Session;
use crate::error::Error;
use concertina_planner::action::Proof;
use concertina_revisions::TableName;

/// Whether the catalog shows the work as done. [`Proof::Recorded`] is answered by the step's record
/// alone.
pub(crate) async fn holds(session: &Session, proof: &Proof) -> Result<bool, Error> {
    let doing = "asking the catalog what is done";
    match proof {
        Proof::IndexValid(name) => Ok(index_valid(session, name).await? == Some(true)),
        Proof::IndexGone(name) => Ok(index_valid(session, name).await?.is_none()),
        Proof::Validated(table, constraints) => {
            let names: Vec<&str> = constraints
                .iter()
                .map(concertina_revisions::Ident::as_str)
                .collect();
            let sql = "SELECT count(*) FROM pg_constraint
                       WHERE conrelid = to_regclass($1) AND conname = ANY ($2) AND convalidated";
            let proven: i64 = session
                .query_one(doing, sql, &[&table.sql(), &names])
                .await?
                .get(0);
            Ok(usize::try_from(proven) == Ok(names.len()))
        }
        Proof::Filled(view) => {
            let sql = "SELECT relispopulated FROM pg_class WHERE oid = to_regclass($1)";
            let row = session.query_opt(doing, sql, &[&view.sql()]).await?;
            Ok(row.is_some_and(|row| row.get(0)))
        }
        Proof::Detached(parent, partition) => {
            Ok(detaching(session, parent, partition).await?.is_none())
        }
        Proof::Recorded => Ok(false),
    }
}

/// Whether a partition's way out was begun and not ended; nothing when it is no partition.
pub(crate) async fn detaching(
    session: &Session,
    parent: &TableName,
    partition: &TableName,
) -> Result<Option<bool>, Error> {
    let sql = "SELECT inhdetachpending FROM pg_inherits WHERE inhparent = to_regclass($1) AND inhrelid = to_regclass($2)";
    let row = session
        .query_opt(
            "looking for a partition",
            sql,
            &[&parent.sql(), &partition.sql()],
        )
        .await?;
    Ok(row.map(|row| row.get(0)))
}

/// Whether an index is there, and whether queries may use it.
pub(crate) async fn index_valid(
    session: &Session,
    name: &TableName,
) -> Result<Option<bool>, Error> {
    let sql = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)";
    let row = session
        .query_opt("looking for an index", sql, &[&name.sql()])
        .await?;
    Ok(row.map(|row| row.get(0)))
}

/// The invalid indexes that an interrupted REINDEX CONCURRENTLY left on a table or its partitions.
pub(crate) async fn halves_of_reindex(
    session: &Session,
    table: &TableName,
) -> Result<Vec<TableName>, Error> {
    let sql = "SELECT n.nspname, c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
               JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE NOT i.indisvalid AND c.relkind = 'i' AND c.relname ~ '_cc(new|old)[0-9]*$'
                 AND i.indrelid IN (SELECT to_regclass($1)::oid UNION ALL SELECT relid FROM pg_partition_tree(to_regclass($1)))";
    let rows = session
        .query("looking for halves of indexes", sql, &[&table.sql()])
        .await?;
    Ok(rows
        .iter()
        .map(|row| TableName::new(row.get::<_, &str>(0), row.get::<_, &str>(1)))
        .collect())
}
