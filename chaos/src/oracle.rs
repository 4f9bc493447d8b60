//! What must hold after a trial, however it went.

use crate::Broken;
use crate::scenario::Scenario;
use crate::subject::Way;
use concertina_examples::system::{ALWAYS, Promise, unordered};
use concertina_sandbox::Postgres;
use std::time::Duration;

/// How a database ends when nothing happens to the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    schema: Vec<String>,
    /// The revisions as recorded, with their states.
    history: String,
    /// A checksum of all rows.
    rows: String,
}

/// What must hold besides of the engine's own.
const SETTLED: [Promise; 2] = [
    Promise { what: "no relation of ours is left", sql: "SELECT count(*) FROM pg_class WHERE relname LIKE 'concertina\\_%'" },
    Promise {
        what: "every step is of a revision, and every revision is done",
        sql: "SELECT (SELECT count(*) FROM concertina.step s WHERE NOT EXISTS (SELECT FROM concertina.revision r WHERE r.id = s.revision))
                   + (SELECT count(*) FROM concertina.revision WHERE state <> 'applied' OR error IS NOT NULL)",
    },
];

/// How the database is now.
///
/// # Errors
///
/// When it can't be read.
pub async fn ending(
    server: &Postgres,
    database: &str,
    scenario: &Scenario,
) -> Result<Ending, Broken> {
    let client = server.connect(database).await?;
    let history = "SELECT coalesce(string_agg(format('%s %s %s', id, direction, state), ', ' ORDER BY id), '') FROM concertina.revision";
    let history = client.query_one(history, &[]).await?.get(0);
    let rows = client.query_one(scenario.rows, &[]).await?.get(0);
    Ok(Ending {
        schema: unordered(&server.dump_schema(database)?),
        history,
        rows,
    })
}

/// What doesn't hold, in words. `rows`: whether they must be those of the calm run.
///
/// # Errors
///
/// When the database can't be read.
pub async fn violations(
    server: &Postgres,
    database: &str,
    scenario: &Scenario,
    calm: &Ending,
    rows: bool,
) -> Result<Vec<String>, Broken> {
    let mut violations = Vec::new();
    let client = server.connect(database).await?;
    let right = scenario.right.iter().filter(|_| scenario.way == Way::Up);
    for Promise { what, sql } in ALWAYS.iter().chain(&SETTLED).chain(right) {
        match client.query_one(*sql, &[]).await {
            Ok(row) if row.get::<_, i64>(0) == 0 => {}
            Ok(row) => violations.push(format!("{} are against: {what}", row.get::<_, i64>(0))),
            Err(error) => violations.push(format!("{what}: {error:?}")),
        }
    }
    if !no_session(&client).await? {
        violations.push("a session of the engine is left".to_owned());
    }
    drop(client);
    let mut now = ending(server, database, scenario).await?;
    if !rows {
        now.rows.clone_from(&calm.rows);
    }
    if now.history != calm.history {
        violations.push(format!(
            "the history is {}, and should be {}",
            now.history, calm.history
        ));
    }
    let more: Vec<&String> = now
        .schema
        .iter()
        .filter(|line| !calm.schema.contains(line))
        .collect();
    let fewer: Vec<&String> = calm
        .schema
        .iter()
        .filter(|line| !now.schema.contains(line))
        .collect();
    if now.schema != calm.schema {
        violations.push(format!("the schema has {more:?} and lacks {fewer:?}"));
    }
    if now.rows != calm.rows {
        violations.push(format!(
            "the rows are {}, and should be {}",
            now.rows, calm.rows
        ));
    }
    Ok(violations)
}

/// Whether all sessions of the engine have gone; the server takes a moment to notice a killed one.
async fn no_session(client: &tokio_postgres::Client) -> Result<bool, Broken> {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'concertina%'";
    for _ in 0..500 {
        if client.query_one(sql, &[]).await?.get::<_, i64>(0) == 0 {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(false)
}
