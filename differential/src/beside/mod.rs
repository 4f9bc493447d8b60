//! Two versions of an application beside a run: the old one until contract, the new one as soon as
//! what it needs is there. Each reads and writes one row at a time and remembers what was
//! acknowledged; none of its queries may fail or stall, and what it wrote is looked for afterwards,
//! bit by bit, under the names of then.

mod script;

pub use script::{Script, touched};

use crate::Broken;
use crate::sql::Sql;
use crate::world::World;
use script::{Query, key};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, SimpleQueryMessage};

/// A query of one row that takes longer was stalled: far beyond the time for which a blocking lock
/// may be waited for.
const STALL: Duration = Duration::from_secs(5);

/// Between two queries of one application.
const PAUSE: Duration = Duration::from_millis(4);

/// Which version of the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Speaks of what was there before.
    Old,
    /// Speaks of what is there afterwards.
    New,
}

/// A table, its row's key and the column's number.
pub type Place = (u32, i64, i16);

/// What was written and acknowledged: where, and the value as the server has it.
pub type Acknowledged = BTreeMap<Place, Option<String>>;

/// What came of an application.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Queries that failed, once each, with the server's code.
    pub failures: BTreeSet<String>,
    /// What it wrote.
    pub acknowledged: Acknowledged,
    /// Queries that were answered.
    pub answered: u64,
}

/// A running application.
pub struct Application {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Outcome>,
}

impl Outcome {
    /// Remembers what an answer acknowledges, and holds what it read against that: a value is the
    /// column's number in the answer, none when no row was answered.
    fn hear(&mut self, query: &Query, value: impl Fn(usize) -> Option<Option<String>>) {
        for (at, place) in query.reads.iter().enumerate() {
            let wanted = place.and_then(|place| self.acknowledged.get(&place));
            if let Some(wanted) = wanted.filter(|wanted| value(at).as_ref() != Some(wanted)) {
                self.failures.insert(format!(
                    "STALE {}: {:?}, acknowledged {wanted:?}",
                    query.sql,
                    value(at)
                ));
            }
        }
        for (at, place) in query.writes.iter().enumerate() {
            if let (Some(place), Some(value)) = (place, value(at)) {
                self.acknowledged.insert(*place, value);
            }
        }
    }
}

impl Application {
    /// Starts one on a connection of its own.
    pub fn start(client: Client, script: Script) -> Application {
        let stop = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(speak(client, script, Arc::clone(&stop)));
        Application { stop, task }
    }

    /// Ends it after its query, and tells what came of it.
    ///
    /// # Errors
    ///
    /// When it panicked, which is a mistake here.
    pub async fn stop(self) -> Result<Outcome, Broken> {
        self.stop.store(true, Ordering::Relaxed);
        self.task
            .await
            .map_err(|error| Broken::File(format!("an application ended: {error}")))
    }
}

async fn speak(client: Client, script: Script, stop: Arc<AtomicBool>) -> Outcome {
    let mut outcome = Outcome::default();
    // A stride through the queries, so that tables and columns take turns.
    let (mut at, count) = (0, script.queries.len());
    while !stop.load(Ordering::Relaxed) && count > 0 {
        let query = &script.queries[at % count];
        at += if count.is_multiple_of(7) { 11 } else { 7 };
        let began = Instant::now();
        match client.simple_query(&query.sql).await {
            Ok(answer) => {
                outcome.answered += 1;
                let row = answer.iter().find_map(|message| match message {
                    SimpleQueryMessage::Row(row) => Some(row),
                    _ => None,
                });
                outcome.hear(query, |at| row.map(|row| row.get(at).map(str::to_owned)));
            }
            Err(error) => drop(outcome.failures.insert(told(&error, &query.sql))),
        }
        if began.elapsed() > STALL {
            outcome.failures.insert(format!("STALLED {}", query.sql));
        }
        tokio::time::sleep(PAUSE).await;
    }
    outcome
}

fn told(error: &tokio_postgres::Error, sql: &str) -> String {
    let words = sql.split_whitespace().next().unwrap_or_default();
    match error.as_db_error() {
        Some(error) => format!("{words} {}: {}", error.code().code(), error.message()),
        None => format!("{words} LOST: {error}"),
    }
}

/// What was acknowledged and isn't there, by the names of the world afterwards.
///
/// # Errors
///
/// When the server can't be asked.
pub async fn lost(
    acknowledged: &Acknowledged,
    after: &World,
    client: &Client,
) -> Result<Vec<String>, Broken> {
    let mut lost = Vec::new();
    for ((oid, number, column), wanted) in acknowledged {
        let Some(table) = after.relations.iter().find(|one| one.oid == *oid) else {
            continue;
        };
        let (Some(column), Some(key)) = (
            table.columns.iter().find(|one| one.number == *column),
            key(table),
        ) else {
            continue;
        };
        let sql = format!(
            "SELECT {}::text FROM {} WHERE {} = {number}",
            crate::sql::quoted(&column.name),
            Sql::marked(&table.sql()).text(),
            crate::sql::quoted(&key.name)
        );
        let rows = match client.query(&sql, &[]).await {
            Ok(rows) => rows,
            // Another schema than psql's, which is told by the comparison of schemas.
            Err(error)
                if matches!(
                    error.code(),
                    Some(&SqlState::UNDEFINED_TABLE | &SqlState::UNDEFINED_COLUMN)
                ) =>
            {
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        // What inherits a table may have a row of the same key, which is written with it.
        let found: Vec<Option<String>> = rows.iter().map(|row| row.get(0)).collect();
        if found.is_empty() || found.iter().any(|one| one != wanted) {
            lost.push(format!(
                "LOST {} of {}: {found:?}, acknowledged {wanted:?}",
                column.name, table.name
            ));
        }
    }
    Ok(lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_held_against_what_was_acknowledged() {
        let place = Some((1, 2, 3));
        let query = |writes, reads| Query {
            sql: "SELECT a".to_owned(),
            writes,
            reads,
        };
        let text = |text: &str| Some(text.to_owned());
        let mut outcome = Outcome::default();
        outcome.hear(&query(vec![], vec![place]), |_| Some(text("0")));
        outcome.hear(&query(vec![place], vec![]), |_| Some(text("-0")));
        outcome.hear(&query(vec![], vec![place]), |_| Some(text("-0")));
        assert!(outcome.failures.is_empty(), "{outcome:?}");
        outcome.hear(&query(vec![], vec![place]), |_| Some(text("0")));
        outcome.hear(&query(vec![], vec![place]), |_| None);
        assert_eq!(outcome.failures.len(), 2, "{outcome:?}");
    }
}
