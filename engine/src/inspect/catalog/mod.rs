//! The facts that planning needs, asked from `pg_catalog` in the shape of [`Catalog`] itself.

mod encoding;
mod published;
mod rows;
mod touched;

pub(crate) use rows::holds_others;
use rows::prove;

use crate::connection::session::Session;
use crate::error::Error;
use concertina_planner::Catalog;
use concertina_planner::catalog::Version;
use concertina_revisions::Revision;

/// One statement that answers with the whole catalog as JSON.
const CATALOG: &str = include_str!("catalog.sql");

/// Loads the catalog, and proves which tables hold no row as far as revisions need to know.
pub(crate) async fn load_for(
    session: &Session,
    versions: bool,
    revisions: &[&Revision],
) -> Result<Catalog, Error> {
    same_strings(session, revisions).await?;
    let touched = touched::by(session, versions, revisions).await?;
    let mut catalog = read(session, versions, touched.as_deref()).await?;
    let named = concertina_planner::named(revisions, &catalog);
    prove(session, &mut catalog, &named).await?;
    // Of tables that weren't read nothing is known.
    catalog.unpopulated = catalog.unpopulated && touched.is_none();
    published::try_updates(session, &mut catalog, &named).await?;
    Ok(catalog)
}

/// Refuses files that the server would read in another way than we do: with its setting a backslash
/// in a plain string is an escape.
async fn same_strings(session: &Session, revisions: &[&Revision]) -> Result<(), Error> {
    let Some(place) = revisions
        .iter()
        .find_map(|revision| revision.plain_backslash())
    else {
        return Ok(());
    };
    let sql =
        "SELECT reset_val = 'off' FROM pg_settings WHERE name = 'standard_conforming_strings'";
    if session
        .query_one("asking how strings are read", sql, &[])
        .await?
        .get(0)
    {
        return Err(Error::State(format!(
            "{place}: standard_conforming_strings is off on this server, so that a backslash in '..' would mean something else to psql: \
             write E'..' with \\\\ for a backslash, or SET it on for the role"
        )));
    }
    Ok(())
}

/// Loads the catalog, and proves of every table whether it holds a row.
pub(crate) async fn load_all(session: &Session, versions: bool) -> Result<Catalog, Error> {
    let mut catalog = load(session, versions).await?;
    let all = catalog
        .tables
        .iter()
        .map(|table| table.full_name())
        .collect();
    prove(session, &mut catalog, &all).await?;
    published::try_updates(session, &mut catalog, &all).await?;
    Ok(catalog)
}

/// Loads the catalog of the connected database. Versions of the application's schema are told where
/// there are some, or shall be.
pub(crate) async fn load(session: &Session, versions: bool) -> Result<Catalog, Error> {
    read(session, versions, None).await
}

/// The same of these relations alone, by their oids, and the names of the others.
async fn read(
    session: &Session,
    versions: bool,
    touched: Option<&[u32]>,
) -> Result<Catalog, Error> {
    let row = match session
        .query_one("reading the catalog", CATALOG, &[&touched])
        .await
    {
        Err(error) if error.is_of_encoding() => return Err(encoding::named(session, error).await),
        read => read?,
    };
    let json: serde_json::Value = row.get(0);
    let mut catalog: Catalog = serde_json::from_value(json).map_err(|error| {
        Error::State(format!("the catalog has a form that isn't known: {error}"))
    })?;
    catalog.may_silence = may_silence(session, catalog.server_version).await?;
    let in_path = |version: &&Version| {
        catalog
            .search_path
            .iter()
            .any(|schema| schema.as_str() == version.schema)
    };
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

/// Whether the connected role may set `session_replication_role`, under which triggers and rules of
/// others see nothing.
async fn may_silence(session: &Session, server_version: u32) -> Result<bool, Error> {
    let sql = if server_version >= PARAMETERS_GRANTED_SINCE {
        "SELECT has_parameter_privilege('session_replication_role', 'SET')"
    } else {
        "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
    };
    Ok(session
        .query_one("reading the rights of the connected role", sql, &[])
        .await?
        .get(0))
}

/// The first `server_version_num` where the right to set a parameter can be granted.
const PARAMETERS_GRANTED_SINCE: u32 = 150_000;
