//! What must hold after a trial, however it went.

use crate::Broken;
use crate::scenario::Scenario;
use crate::subject::Way;
use concertina_sandbox::Postgres;
use std::time::Duration;

/// How a database ends when nothing happens to the engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ending {
    schema: Vec<String>,
    /// The revisions as recorded, with their states.
    history: String,
    /// A checksum of all rows.
    rows: String,
}

/// What is left of an engine that is done: each a count.
const LEFT: [(&str, &str); 6] = [
    ("invalid indexes", "SELECT count(*) FROM pg_index WHERE NOT indisvalid"),
    ("triggers of ours", "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'zzz\\_concertina\\_%'"),
    (
        "functions of ours",
        "SELECT count(*) FROM pg_proc WHERE pronamespace = 'concertina'::regnamespace AND proname <> 'speaks'",
    ),
    (
        "constraints of ours, or unproven",
        "SELECT count(*) FROM pg_constraint WHERE conname LIKE 'concertina\\_%' OR NOT convalidated",
    ),
    (
        "columns and tables of ours",
        "SELECT (SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                 WHERE attname LIKE 'concertina\\_%' AND NOT attisdropped AND c.relkind IN ('r', 'p'))
              + (SELECT count(*) FROM pg_class WHERE relname LIKE 'concertina\\_%')",
    ),
    (
        "steps or backfills of no revision",
        "SELECT (SELECT count(*) FROM concertina.step s WHERE NOT EXISTS (SELECT FROM concertina.revision r WHERE r.id = s.revision))
              + (SELECT count(*) FROM concertina.revision WHERE state <> 'applied' OR error IS NOT NULL)",
    ),
];

/// How the database is now.
///
/// # Errors
///
/// When it can't be read.
pub async fn ending(server: &Postgres, database: &str, scenario: &Scenario) -> Result<Ending, Broken> {
    let client = server.connect(database).await?;
    let history = "SELECT coalesce(string_agg(format('%s %s %s', id, direction, state), ', ' ORDER BY id), '') FROM concertina.revision";
    let history = client.query_one(history, &[]).await?.get(0);
    let rows = client.query_one(scenario.rows, &[]).await?.get(0);
    Ok(Ending { schema: schema(server, database)?, history, rows })
}

/// The schema, whatever the order: one that took another's place is its table's last, and what a session made for itself alone
/// stays after a crash.
fn schema(server: &Postgres, database: &str) -> Result<Vec<String>, Broken> {
    let dump = server.dump_schema(database)?;
    let lines = dump.lines().filter(|line| !line.starts_with("COMMENT ON SCHEMA"));
    let mut lines: Vec<String> = lines.map(|line| line.trim_end_matches(',').to_owned()).collect();
    lines.sort_unstable();
    Ok(lines)
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
    for (what, sql) in LEFT {
        let left: i64 = client.query_one(sql, &[]).await?.get(0);
        if left != 0 {
            violations.push(format!("left: {left} {what}"));
        }
    }
    for (what, sql) in scenario.right.iter().filter(|_| scenario.way == Way::Up) {
        match client.query_one(sql.as_str(), &[]).await {
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
        violations.push(format!("the history is {}, and should be {}", now.history, calm.history));
    }
    let more: Vec<&String> = now.schema.iter().filter(|line| !calm.schema.contains(line)).collect();
    let fewer: Vec<&String> = calm.schema.iter().filter(|line| !now.schema.contains(line)).collect();
    if now.schema != calm.schema {
        violations.push(format!("the schema has {more:?} and lacks {fewer:?}"));
    }
    if now.rows != calm.rows {
        violations.push(format!("the rows are {}, and should be {}", now.rows, calm.rows));
    }
    Ok(violations)
}

/// Whether all sessions of the engine have gone; the server takes a moment to notice a killed one.
async fn no_session(client: &tokio_postgres::Client) -> Result<bool, Broken> {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'concertina%'";
    for _ in 0..100 {
        if client.query_one(sql, &[]).await?.get::<_, i64>(0) == 0 {
            return Ok(true);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(false)
}
