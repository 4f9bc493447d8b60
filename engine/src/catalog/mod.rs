//! The facts that planning needs, asked from `pg_catalog` in the shape of [`Catalog`] itself.

use crate::error::Error;
use concertina_planner::Catalog;
use tokio_postgres::Client;

/// One statement that answers with the whole catalog as JSON.
const CATALOG: &str = include_str!("catalog.sql");

/// Loads the catalog of the connected database.
pub(crate) async fn load(client: &Client) -> Result<Catalog, Error> {
    let row = client.query_one(CATALOG, &[]).await.map_err(Error::sql("reading the catalog"))?;
    let json: serde_json::Value = row.get(0);
    serde_json::from_value(json)
        .map_err(|error| Error::State(format!("the catalog has a form that isn't known: {error}")))
}
