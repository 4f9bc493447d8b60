//! The facts that planning needs, asked from `pg_catalog` in the shape of [`Catalog`] itself.

use crate::error::Error;
use concertina_planner::Catalog;
use concertina_planner::catalog::Version;
use tokio_postgres::Client;

/// One statement that answers with the whole catalog as JSON.
const CATALOG: &str = include_str!("catalog.sql");

/// Loads the catalog of the connected database. Versions of the application's schema are told where there are some, or
/// shall be.
pub(crate) async fn load(client: &Client, versions: bool) -> Result<Catalog, Error> {
    let row = client.query_one(CATALOG, &[]).await.map_err(Error::sql("reading the catalog"))?;
    let json: serde_json::Value = row.get(0);
    let mut catalog: Catalog = serde_json::from_value(json)
        .map_err(|error| Error::State(format!("the catalog has a form that isn't known: {error}")))?;
    let in_path = |version: &&Version| catalog.search_path.iter().any(|schema| schema.as_str() == version.schema);
    if let Some(version) = catalog.versions.iter().flatten().find(in_path) {
        return Err(Error::State(format!(
            "the search_path of this connection leads to version schema {}: connect with the search_path of the tables",
            version.schema
        )));
    }
    if !versions && !catalog.has_versions() {
        catalog.versions = None;
    }
    Ok(catalog)
}
