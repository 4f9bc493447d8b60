//! What of a server would be in the way of a live change, looked at before one is begun. Changes
//! nothing.

use crate::checkpoint::known;
use crate::connection::engine::Engine;
use crate::connection::session::Session;
use crate::error::Error;
use crate::inspect::connections;
use crate::state::State;
use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// As it should be, and worth knowing.
    Fine,
    /// A change will be slower, or may have to wait.
    Warning,
    /// A change can't be made.
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What was looked for: the same words whatever was found.
    pub about: &'static str,
    /// What was found.
    pub what: String,
    /// What to do about it; empty when there is nothing to do.
    pub remedy: String,
}

/// Each gives a row for each thing that it finds wrong: what. In a remedy `{user}` is the current
/// role, `{session}` the one that has logged in.
struct Look {
    /// What is looked for, as in the table of docs/src/production.md.
    about: &'static str,
    /// Whether whoever is about to change many rows is told, too.
    of_backfills: bool,
    severity: Severity,
    sql: &'static str,
    remedy: &'static str,
}

const LOOKS: [Look; 16] = [
    Look {
        about: "the server",
        of_backfills: false,
        severity: Severity::Fine,
        sql: "SELECT format('PostgreSQL %s, database %s as %s', current_setting('server_version'), current_database(), current_user)",
        remedy: "",
    },
    Look {
        about: "a standby",
        of_backfills: false,
        severity: Severity::Wrong,
        sql: "SELECT 'the server is a standby, and can only be read' WHERE pg_is_in_recovery()",
        remedy: "name the primary; with several hosts in the URL it is found",
    },
    Look {
        about: "no right to make schema `concertina`",
        of_backfills: false,
        severity: Severity::Wrong,
        sql: "SELECT format('%s may not create schema concertina in this database', current_user)
              WHERE to_regnamespace('concertina') IS NULL AND NOT has_database_privilege(current_database(), 'CREATE')",
        remedy: "GRANT CREATE ON DATABASE to it, or create schema concertina for it",
    },
    Look {
        about: "old transaction ids",
        of_backfills: false,
        severity: Severity::Wrong,
        sql: "SELECT format('transaction ids are %s old: the server stops taking writes at about 2 billion', max(age(datfrozenxid)))
              FROM pg_database HAVING max(age(datfrozenxid)) > 1500000000",
        remedy: "let VACUUM (FREEZE) finish first; a backfill uses one transaction id for each batch",
    },
    Look {
        about: "tables of other owners",
        of_backfills: false,
        severity: Severity::Warning,
        sql: "SELECT format('%s tables belong to others, and can''t be altered: %s', count(*),
                            left(string_agg(c.oid::regclass::text, ', ' ORDER BY c.relname), 200))
              FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'concertina')
                AND n.nspname NOT LIKE 'pg\\_%' AND NOT pg_has_role(c.relowner, 'USAGE')
                AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
              HAVING count(*) > 0",
        remedy: "connect as their owner, or as a member that inherits its rights; a member that may become the owner needs ALTER ROLE {session} SET role = OWNER",
    },
    Look {
        about: "FORCE ROW LEVEL SECURITY",
        of_backfills: false,
        severity: Severity::Warning,
        sql: "SELECT format('%s has FORCE ROW LEVEL SECURITY, and %s doesn''t bypass it: a backfill of it is refused rather than made over the rows that are seen', c.oid::regclass, current_user)
              FROM pg_class c WHERE c.relforcerowsecurity
                AND NOT (SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = current_user)",
        remedy: "connect as a role with BYPASSRLS",
    },
    Look {
        about: "long transactions",
        of_backfills: false,
        severity: Severity::Warning,
        sql: "SELECT format('a transaction of %s (%s, pid %s) is open for %s: %s', usename, coalesce(nullif(application_name, ''), 'no name'), pid,
                            date_trunc('second', now() - xact_start), left(regexp_replace(query, '\\s+', ' ', 'g'), 60))
              FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
                AND xact_start < now() - CASE WHEN state LIKE 'idle in transaction%' THEN interval '1 minute' ELSE interval '5 minutes' END
              ORDER BY xact_start",
        remedy: "CREATE INDEX CONCURRENTLY waits for it to end, VACUUM can't remove what it may see; idle_in_transaction_session_timeout ends those that were forgotten",
    },
    Look {
        about: "prepared transactions",
        of_backfills: false,
        severity: Severity::Warning,
        sql: "SELECT format('prepared transaction %s of %s holds its locks since %s', gid, owner, date_trunc('second', prepared))
              FROM pg_prepared_xacts WHERE database = current_database()",
        remedy: "COMMIT PREPARED or ROLLBACK PREPARED it",
    },
    Look {
        about: "a slot that isn't read from",
        of_backfills: false,
        severity: Severity::Warning,
        sql: "SELECT format('replication slot %s isn''t read from and keeps %s of WAL', slot_name, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)))
              FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL AND NOT pg_is_in_recovery()",
        remedy: "let its reader go on, or pg_drop_replication_slot it: WAL is kept for it until the disk is full or, where \
                 max_slot_wal_keep_size is set, until the slot is lost, before which a backfill stops",
    },
    Look {
        about: "a standby that is behind",
        of_backfills: false,
        severity: Severity::Warning,
        sql: "SELECT format('standby %s is %s behind', coalesce(nullif(application_name, ''), client_addr::text, 'without a name'), date_trunc('second', replay_lag))
              FROM pg_stat_replication WHERE replay_lag > interval '10 seconds'",
        remedy: "let it catch up: a backfill waits while it is further behind than replica_lag_max_s, and slows down as it nears \
                 replica_backlog_max_mb",
    },
    Look {
        about: "lag that isn't shown",
        of_backfills: true,
        severity: Severity::Warning,
        sql: "SELECT format('how far %s standbys are behind isn''t shown to %s: a backfill can''t wait for them', count(*), current_user)
              FROM pg_stat_replication WHERE pid IS NOT NULL AND state IS NULL HAVING count(*) > 0",
        remedy: "GRANT pg_monitor TO {user}",
    },
    Look {
        about: "FOR ALL TABLES publications",
        of_backfills: true,
        severity: Severity::Warning,
        sql: "SELECT format('publication %s is FOR ALL TABLES, and so it publishes our own tables in schema concertina', pubname)
              FROM pg_publication WHERE puballtables",
        remedy: "make schema concertina on its subscribers with the same tables (pg_dump --schema-only --schema=concertina), or they stop at the first row of them",
    },
    Look {
        about: "a synchronous standby that is gone",
        of_backfills: true,
        severity: Severity::Warning,
        sql: "SELECT format('synchronous_standby_names is %s, and none of them streams: each commit waits', current_setting('synchronous_standby_names'))
              WHERE current_setting('synchronous_standby_names') <> '' AND current_setting('synchronous_commit') NOT IN ('off', 'local')
                AND NOT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state IS NULL OR sync_state IN ('sync', 'quorum'))",
        remedy: "start the standby, or take its name out of synchronous_standby_names",
    },
    Look {
        about: "autovacuum that is off",
        of_backfills: false,
        severity: Severity::Warning,
        sql: "SELECT format('%s is off', name) FROM pg_settings WHERE name IN ('autovacuum', 'track_counts') AND setting = 'off'",
        remedy: "updated rows leave dead ones behind: turn it on, or vacuum by hand",
    },
    Look {
        about: "invalid indexes",
        of_backfills: false,
        severity: Severity::Warning,
        sql: "SELECT format('index %s is invalid: it costs every write and serves no query', i.indexrelid::regclass)
              FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
              WHERE NOT i.indisvalid AND c.relkind = 'r'
                AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)",
        remedy: "DROP INDEX CONCURRENTLY it, or REINDEX INDEX CONCURRENTLY",
    },
    Look {
        about: "event triggers",
        of_backfills: false,
        severity: Severity::Warning,
        sql: "SELECT format('event trigger %s runs with every DDL statement', evtname) FROM pg_event_trigger WHERE evtenabled <> 'D'",
        remedy: "what it does is done in our transactions, under our locks",
    },
];

/// Only while nothing is in flight, or it would be what a revision needs.
const LEFT_OVER: Look = Look {
    about: "a trigger that is left over",
    of_backfills: false,
    severity: Severity::Warning,
    sql: "SELECT format('trigger %s on %s is left over from a revision that isn''t under way', t.tgname, t.tgrelid::regclass)
          FROM pg_trigger t WHERE t.tgname ~ '^(zzz_|!)concertina_' AND t.tgparentid = 0
            AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'concertina%' AND pid <> pg_backend_pid())",
    remedy: "DROP TRIGGER it, and its function in schema concertina",
};

impl Engine {
    /// Looks at the server and the database for what would be in the way.
    ///
    /// # Errors
    ///
    /// When the server can't be reached or read.
    pub async fn doctor(&self) -> Result<Vec<Finding>, Error> {
        let session = self.reader().await?;
        let idle = known(&session)
            .await?
            .iter()
            .all(|known| known.state == State::Applied);
        let mut findings = Vec::new();
        for look in LOOKS.iter().chain(idle.then_some(&LEFT_OVER)) {
            findings.extend(looked(&session, look).await?);
        }
        findings.extend(connections::too_few(&session, &self.settings).await?);
        Ok(findings)
    }
}

async fn looked(session: &Session, look: &Look) -> Result<Vec<Finding>, Error> {
    let doing = "looking at the server";
    let names = session
        .query_one(
            doing,
            "SELECT quote_ident(current_user), quote_ident(session_user)",
            &[],
        )
        .await?;
    let rows = session.query(doing, look.sql, &[]).await?;
    let remedy = look
        .remedy
        .replace("{user}", names.get(0))
        .replace("{session}", names.get(1));
    Ok(rows
        .iter()
        .map(|row| Finding {
            severity: look.severity,
            about: look.about,
            what: row.get(0),
            remedy: remedy.clone(),
        })
        .collect())
}

/// What whoever is about to change many rows should know.
pub(crate) async fn of_backfills(session: &Session) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for look in LOOKS.iter().filter(|look| look.of_backfills) {
        findings.extend(looked(session, look).await?);
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use std::path::Path;

    /// What is looked for, and what to do about it: the same words as those that are printed.
    fn table() -> String {
        let backfill = Settings::default().connections_of_backfill();
        let needs = connections::needs(Settings::CONNECTIONS_MIN, backfill);
        let connections = (
            connections::ABOUT,
            format!("{needs}; {}", connections::remedy()),
        );
        let looks = LOOKS
            .iter()
            .chain([&LEFT_OVER])
            .filter(|look| look.severity != Severity::Fine);
        let looks = looks.map(|look| {
            (
                look.about,
                look.remedy
                    .replace("{user}", "NAME")
                    .replace("{session}", "NAME"),
            )
        });
        let rows = looks
            .chain([connections])
            .map(|(about, remedy)| format!("| {about} | {remedy} |\n"));
        format!(
            "| `doctor` reports | what to do |\n|---|---|\n{}",
            rows.collect::<String>()
        )
    }

    #[test]
    fn the_page_about_production_says_what_the_doctor_says() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/production.md");
        let page = std::fs::read_to_string(&path).expect("the page");
        let (before, rest) = page
            .split_once("| `doctor` reports | what to do |")
            .expect("the table");
        let (_, after) = rest.split_once("\n\n").expect("its end");
        let wanted = format!("{before}{}\n{after}", table());
        if std::env::var_os("CONCERTINA_BLESS").is_some() {
            std::fs::write(&path, wanted).expect("it is written");
        } else {
            assert!(
                page == wanted,
                "docs/src/production.md isn't what the doctor says: CONCERTINA_BLESS=1 writes it"
            );
        }
    }
}
