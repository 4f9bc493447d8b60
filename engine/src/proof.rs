//! Questions to the catalog whose answers tell that work is done.

use crate::error::Error;
use concertina_planner::action::Proof;
use concertina_revisions::TableName;
use tokio_postgres::Client;

/// Whether the catalog shows the work as done. [`Proof::Recorded`] is answered by the step's record alone.
pub(crate) async fn holds(client: &Client, proof: &Proof) -> Result<bool, Error> {
    let doing = "asking the catalog what is done";
    match proof {
        Proof::IndexValid(name) => Ok(index_valid(client, name).await? == Some(true)),
        Proof::IndexGone(name) => Ok(index_valid(client, name).await?.is_none()),
        Proof::Validated(table, constraints) => {
            let names: Vec<&str> = constraints.iter().map(concertina_revisions::Ident::as_str).collect();
            let sql = "SELECT count(*) FROM pg_constraint
                       WHERE conrelid = to_regclass($1) AND conname = ANY ($2) AND convalidated";
            let proven: i64 = client.query_one(sql, &[&table.sql(), &names]).await.map_err(Error::sql(doing))?.get(0);
            Ok(usize::try_from(proven) == Ok(names.len()))
        }
        Proof::Filled(view) => {
            let sql = "SELECT relispopulated FROM pg_class WHERE oid = to_regclass($1)";
            let row = client.query_opt(sql, &[&view.sql()]).await.map_err(Error::sql(doing))?;
            Ok(row.is_some_and(|row| row.get(0)))
        }
        Proof::Detached(parent, partition) => Ok(detaching(client, parent, partition).await?.is_none()),
        Proof::Recorded => Ok(false),
    }
}

/// Whether a partition's way out was begun and not ended; nothing when it is no partition.
pub(crate) async fn detaching(
    client: &Client,
    parent: &TableName,
    partition: &TableName,
) -> Result<Option<bool>, Error> {
    let sql =
        "SELECT inhdetachpending FROM pg_inherits WHERE inhparent = to_regclass($1) AND inhrelid = to_regclass($2)";
    let row = client.query_opt(sql, &[&parent.sql(), &partition.sql()]).await;
    Ok(row.map_err(Error::sql("looking for a partition"))?.map(|row| row.get(0)))
}

/// Whether an index is there, and whether queries may use it.
pub(crate) async fn index_valid(client: &Client, name: &TableName) -> Result<Option<bool>, Error> {
    let sql = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)";
    let row = client.query_opt(sql, &[&name.sql()]).await.map_err(Error::sql("looking for an index"))?;
    Ok(row.map(|row| row.get(0)))
}

/// The invalid indexes that an interrupted REINDEX CONCURRENTLY left on a table or its partitions.
pub(crate) async fn halves_of_reindex(client: &Client, table: &TableName) -> Result<Vec<TableName>, Error> {
    let sql = "SELECT n.nspname, c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
               JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE NOT i.indisvalid AND c.relkind = 'i' AND c.relname ~ '_cc(new|old)[0-9]*$'
                 AND i.indrelid IN (SELECT to_regclass($1)::oid UNION ALL SELECT relid FROM pg_partition_tree(to_regclass($1)))";
    let rows = client.query(sql, &[&table.sql()]).await.map_err(Error::sql("looking for halves of indexes"))?;
    Ok(rows.iter().map(|row| TableName::new(row.get::<_, &str>(0), row.get::<_, &str>(1))).collect())
}
