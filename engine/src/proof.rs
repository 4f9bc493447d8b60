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
        Proof::Recorded => Ok(false),
    }
}

/// Whether an index is there, and whether queries may use it.
pub(crate) async fn index_valid(client: &Client, name: &TableName) -> Result<Option<bool>, Error> {
    let sql = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)";
    let row = client.query_opt(sql, &[&name.sql()]).await.map_err(Error::sql("looking for an index"))?;
    Ok(row.map(|row| row.get(0)))
}
