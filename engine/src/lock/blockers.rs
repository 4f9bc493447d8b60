//! Who is in the way: asked before a lock is queued for, and while something waits.

use crate::connection::session::{Session, THIS_ONE};
use crate::error::Error;
use crate::event::{Blocker, Event, Events};
use crate::lock::replicas;
use concertina_planner::action::Lock;
use concertina_revisions::TableName;
use std::time::Duration;
use tokio_postgres::Row;

/// A transaction younger than this is waited out in the lock's queue; nobody notices.
const OLD_SECONDS: f64 = 1.0;

/// What never gives way, however young it is.
const FOR_LONG: &str =
    "a.backend_type = 'autovacuum worker' AND a.query LIKE '%(to prevent wraparound)'";

const SESSION: &str = "a.pid, coalesce(a.usename, '') AS usename, coalesce(a.application_name, '') AS application_name,
    -- What a session does is shown to its own role, and to those that have pg_read_all_stats.
    coalesce(CASE WHEN a.backend_type = 'client backend' THEN a.state
         WHEN a.backend_type = 'autovacuum worker' AND a.query LIKE '%(to prevent wraparound)' THEN 'vacuum to prevent wraparound'
         ELSE a.backend_type END, 'not shown to us') AS state,
    coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::bigint AS seconds,
    left(regexp_replace(coalesce(a.query, ''), '\\s+', ' ', 'g'), 80) AS query";

/// Sessions that would make a lock wait for long: they hold a conflicting lock in an old
/// transaction, stand in the queue for one, or never give way.
pub(crate) async fn outside(
    session: &Session,
    locks: &[(TableName, Lock)],
    own: i32,
) -> Result<Vec<Blocker>, Error> {
    let mut found: Vec<Blocker> = Vec::new();
    let mut kinds: Vec<Lock> = locks.iter().map(|(_, lock)| *lock).collect();
    kinds.sort_unstable();
    kinds.dedup();
    // A partitioned table may have thousands of partitions: all that are locked alike are asked for
    // at once.
    for kind in kinds {
        let alike = locks.iter().filter(|(_, lock)| *lock == kind);
        let tables: Vec<String> = alike.map(|(table, _)| table.sql()).collect();
        let sql = format!(
            "SELECT DISTINCT {SESSION}
             FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
             WHERE l.locktype = 'relation' AND l.relation IN ({NAMED})
               AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND l.mode = ANY ($2) AND l.pid <> $3
               AND (NOT l.granted OR {FOR_LONG} OR clock_timestamp() - a.xact_start > make_interval(secs => $4))"
        );
        let modes = conflicting(kind);
        let rows = session
            .query(
                "looking who holds locks",
                &sql,
                &[&tables, &modes, &own, &OLD_SECONDS],
            )
            .await?;
        for blocker in rows.iter().map(blocker) {
            if !found.iter().any(|known| known.pid == blocker.pid) {
                found.push(blocker);
            }
        }
        found.extend(prepared(session, &tables, &modes).await?);
    }
    Ok(found)
}

/// The tables of some names, by their oids.
const NAMED: &str = "SELECT to_regclass(name)::oid FROM unnest($1::text[]) AS named (name)";

/// Transactions that were prepared and hold a conflicting lock: no session runs them, and they end
/// only when somebody says how.
async fn prepared(
    session: &Session,
    tables: &[String],
    modes: &[&str],
) -> Result<Vec<Blocker>, Error> {
    let sql = format!(
        "SELECT {PREPARED} FROM {PREPARED_LOCKS} WHERE l.locktype = 'relation' AND l.relation IN ({NAMED}) AND l.mode = ANY ($2)
           AND p.database = current_database()"
    );
    let rows = session
        .query(
            "looking for prepared transactions",
            &sql,
            &[&tables, &modes],
        )
        .await?;
    Ok(rows.iter().map(blocker).collect())
}

/// What is granted to no session belongs to one of them; its lock on its own transaction tells to
/// which.
const PREPARED_LOCKS: &str = "pg_prepared_xacts p
    JOIN pg_locks x ON x.pid IS NULL AND x.locktype = 'transactionid' AND x.transactionid = p.transaction
    JOIN pg_locks l ON l.pid IS NULL AND l.granted AND l.virtualtransaction = x.virtualtransaction";

/// A prepared transaction in the columns of a session.
const PREPARED: &str = "DISTINCT 0 AS pid, p.owner::text, ''::text, 'prepared transaction'::text,
    extract(epoch FROM clock_timestamp() - p.prepared)::bigint, p.gid::text";

/// Sessions that a waiting session waits for.
async fn of_session(records: &Session, waiting: &Session) -> Result<Vec<Blocker>, Error> {
    let sql = format!(
        "SELECT {SESSION} FROM pg_stat_activity a WHERE a.pid = ANY (pg_blocking_pids($1))"
    );
    let mut found: Vec<Blocker> = records
        .query("looking for the blocking session", &sql, &[&waiting.pid])
        .await?
        .iter()
        .map(blocker)
        .collect();
    // PostgreSQL calls them by the process id 0.
    let sql = format!(
        "SELECT {PREPARED} FROM {PREPARED_LOCKS}
         JOIN pg_locks w ON l.locktype = w.locktype AND l.relation IS NOT DISTINCT FROM w.relation
           AND l.transactionid IS NOT DISTINCT FROM w.transactionid AND l.database IS NOT DISTINCT FROM w.database
         WHERE w.pid = $1 AND NOT w.granted AND 0 = ANY (pg_blocking_pids($1))"
    );
    found.extend(
        records
            .query("looking for prepared transactions", &sql, &[&waiting.pid])
            .await?
            .iter()
            .map(blocker),
    );
    Ok(found)
}

/// Whether the server has ended a session, or answered it so long ago that the answer must have
/// been lost.
async fn is_lost(records: &Session, session: &Session, silence: Duration) -> Result<bool, Error> {
    let sql = format!(
        "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE {THIS_ONE}
        AND (state IS NULL OR state NOT LIKE 'idle%' OR clock_timestamp() - state_change < make_interval(secs => $3)))"
    );
    let row = records
        .query_one(
            "looking after our session",
            &sql,
            &[&session.pid, &session.since, &silence.as_secs_f64()],
        )
        .await?;
    Ok(row.get(0))
}

/// Tells for whom a session's statement waits, again and again; ends when the session or the one
/// that watches it is lost, and says so.
pub(crate) async fn watch(
    records: &Session,
    session: &Session,
    doing: &str,
    every: Duration,
    silence: Duration,
    events: &Events,
) -> Error {
    let mut told = false;
    loop {
        tokio::time::sleep(every).await;
        if let Ok(blockers) = of_session(records, session).await
            && !blockers.is_empty()
        {
            events(Event::Waiting {
                doing: doing.to_owned(),
                blockers,
                queued: true,
            });
        }
        if !told && replicas::holds_up(records, session).await.unwrap_or(false) {
            told = true;
            events(Event::Note {
                text: format!("{doing}: committed here, waiting for a synchronous standby"),
            });
        }
        // Without the session that holds the lock we have no right to go on, either.
        if records.is_closed() || is_lost(records, session, silence).await.unwrap_or(false) {
            return session.lost(doing, silence);
        }
    }
}

fn blocker(row: &Row) -> Blocker {
    Blocker {
        pid: row.get(0),
        user: row.get(1),
        application: row.get(2),
        state: row.get(3),
        seconds: row.get(4),
        query: row.get(5),
    }
}

/// The modes that conflict with a lock, as `pg_locks` spells them.
/// Source: PostgreSQL's documentation, "Explicit Locking", table "Conflicting Lock Modes".
fn conflicting(lock: Lock) -> Vec<&'static str> {
    const MODES: [(&str, u8); 8] = [
        ("AccessShareLock", 1),
        ("RowShareLock", 2),
        ("RowExclusiveLock", 3),
        ("ShareUpdateExclusiveLock", 4),
        ("ShareLock", 5),
        ("ShareRowExclusiveLock", 6),
        ("ExclusiveLock", 7),
        ("AccessExclusiveLock", 8),
    ];
    let conflicts: &[u8] = match lock {
        Lock::AccessShare => &[8],
        Lock::RowShare => &[7, 8],
        Lock::RowExclusive => &[5, 6, 7, 8],
        Lock::ShareUpdateExclusive => &[4, 5, 6, 7, 8],
        Lock::Share => &[3, 4, 6, 7, 8],
        Lock::ShareRowExclusive => &[3, 4, 5, 6, 7, 8],
        Lock::Exclusive => &[2, 3, 4, 5, 6, 7, 8],
        Lock::AccessExclusive => &[1, 2, 3, 4, 5, 6, 7, 8],
    };
    MODES
        .iter()
        .filter(|(_, number)| conflicts.contains(number))
        .map(|(name, _)| *name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_are_those_of_the_documentation() {
        assert_eq!(conflicting(Lock::AccessExclusive).len(), 8);
        assert!(!conflicting(Lock::ShareUpdateExclusive).contains(&"RowExclusiveLock"));
        assert!(conflicting(Lock::ShareRowExclusive).contains(&"RowExclusiveLock"));
    }
}
