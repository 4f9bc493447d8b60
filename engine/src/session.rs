//! One connection with its settings. There is no connection of ours without limits.

use crate::config::Settings;
use crate::connect::Connect;
use crate::error::Error;
use std::ops::{Deref, DerefMut};
use std::time::Duration;
use tokio_postgres::Client;

/// What a connection is for, which decides its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Holds the advisory lock, writes the records, watches the others.
    Lease,
    /// Runs DDL.
    Hands,
    /// Runs batches of a backfill.
    Worker,
    /// Samples the throttle's signals.
    Monitor,
}

/// An open connection.
pub(crate) struct Session {
    client: Client,
    /// Its process id on the server.
    pub(crate) pid: i32,
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}

impl Deref for Session {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Session {
    pub(crate) async fn open(connect: &Connect, role: Role, settings: &Settings) -> Result<Session, Error> {
        let name = match role {
            Role::Lease => "concertina",
            Role::Hands => "concertina ddl",
            Role::Worker => "concertina backfill",
            Role::Monitor => "concertina monitor",
        };
        let client = connect.open(name).await?;
        let set = |cause| Error::Sql { doing: "setting up the session".to_owned(), cause };
        client.batch_execute(&format!("{OWN_WORDS_FIRST}; {}", limits(role, settings))).await.map_err(set)?;
        let pid = client.query_one("SELECT pg_backend_pid()", &[]).await.map_err(set)?.get(0);
        Ok(Session { client, pid })
    }
}

/// PostgreSQL looks into `pg_catalog` first unless a search_path says otherwise. One that does would let anybody who may make
/// functions put another in the place of those that our statements call.
const OWN_WORDS_FIRST: &str = "SELECT pg_catalog.set_config('search_path',
    coalesce((SELECT pg_catalog.string_agg(pg_catalog.quote_ident(name), ', ' ORDER BY place)
              FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY AS path (name, place)
              WHERE name OPERATOR(pg_catalog.<>) 'pg_catalog'), ''), false)
    WHERE 'pg_catalog' OPERATOR(pg_catalog.=) ANY (pg_catalog.current_schemas(false))";

/// Milliseconds, for a setting of PostgreSQL.
pub(crate) fn millis(duration: Duration) -> u128 {
    duration.as_millis()
}

fn limits(role: Role, settings: &Settings) -> String {
    let lock = millis(settings.lock_timeout);
    let mut sql = format!(
        "SET client_min_messages = warning; SET row_security = off; SET lock_timeout = {lock}; \
         SET idle_in_transaction_session_timeout = '10s'; SET jit = off; \
         SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = off;"
    );
    match role {
        Role::Lease | Role::Monitor => sql.push_str("SET statement_timeout = '30s';"),
        Role::Hands => sql.push_str("SET statement_timeout = 0;"),
        // A batch that takes a hundred times its target has a bad plan or a bad disk: it is cut, and cut smaller.
        Role::Worker => {
            let statement = millis(settings.batch_target * 100).max(2_000);
            sql = format!(
                "{sql} SET statement_timeout = {statement}; SET synchronous_commit = off; \
                 SET plan_cache_mode = force_custom_plan; SET max_parallel_workers_per_gather = 0;"
            );
        }
    }
    sql
}
