//! The facts that planning needs, asked from `pg_catalog` in the shape of [`Catalog`] itself.

use crate::error::Error;
use crate::session::Session;
use concertina_planner::Catalog;
use concertina_planner::catalog::Version;

/// One statement that answers with the whole catalog as JSON.
const CATALOG: &str = include_str!("catalog.sql");

/// Loads the catalog of the connected database. Versions of the application's schema are told where there are some, or
/// shall be.
pub(crate) async fn load(session: &Session, versions: bool) -> Result<Catalog, Error> {
    let row = session.query_one("reading the catalog", CATALOG, &[]).await?;
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
