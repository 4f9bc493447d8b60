//! The settings of a session. What changes the meaning of our own statements, or limits their time,
//! is pinned, whatever was set for the role, the database or the server; what changes the meaning
//! of the author's is left as psql would find it.

use super::{Role, millis, statement_timeout};
use crate::config::Settings;

/// Pinned to one value in every session.
const PINNED: [(&str, &str); 14] = [
    ("client_min_messages", "warning"),
    // A policy raises an error instead of hiding rows.
    ("row_security", "off"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("idle_session_timeout", "0"),
    // Since PostgreSQL 17.
    ("transaction_timeout", "0"),
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "off"),
    ("default_transaction_deferrable", "off"),
    // As revisions are read; a file of which the server would read something else is refused.
    ("standard_conforming_strings", "on"),
    // What the catalog says is compared.
    ("quote_all_identifiers", "off"),
    ("restrict_nonsystem_relation_kind", ""),
    // It would hide rows from a proof.
    ("gin_fuzzy_search_limit", "0"),
    ("exit_on_error", "off"),
    ("jit", "off"),
];

/// Those of sessions for batches: a crash loses the last of them with their checkpoints, and they
/// are short.
const OF_BATCHES: [(&str, &str); 3] = [
    ("synchronous_commit", "off"),
    ("plan_cache_mode", "force_custom_plan"),
    ("max_parallel_workers_per_gather", "0"),
];

/// The session that keeps the records holds the lock and must not wait for a standby without
/// anybody watching it. What DDL commits waits as the server says; a record that a failover loses
/// is asked of the catalog again.
const OF_RECORDS: [(&str, &str); 1] = [("synchronous_commit", "local")];

/// A crash may take no step with it that was reported as done: what DDL commits is at least written
/// to disk here.
const DDL_IS_KEPT: &str = "SELECT pg_catalog.set_config('synchronous_commit', 'local', false)
    WHERE pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off'";

/// PostgreSQL looks into `pg_catalog` first unless a search_path says otherwise. One that does
/// would let anybody who may make functions put another in the place of those that our statements
/// call.
const OWN_WORDS_FIRST: &str = "SELECT pg_catalog.set_config('search_path',
    coalesce((SELECT pg_catalog.string_agg(pg_catalog.quote_ident(name), ', ' ORDER BY place)
              FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY AS path (name, place)
              WHERE name OPERATOR(pg_catalog.<>) 'pg_catalog'), ''), false)
    WHERE 'pg_catalog' OPERATOR(pg_catalog.=) ANY (pg_catalog.current_schemas(false))";

/// By which sync triggers know that it isn't the application that writes.
pub(crate) const OURS: &str = "SET concertina.batch = on";

/// In which values come to the same again when they are read as text. The author's own casts are
/// made under the author's settings, so these hold only while something is read.
const EXACT: [(&str, &str); 3] = [
    ("extra_float_digits", "1"),
    ("datestyle", "ISO, YMD"),
    ("intervalstyle", "postgres"),
];

/// What makes texts of values exact until the transaction ends.
pub(super) fn exact() -> String {
    EXACT
        .map(|(name, value)| format!("SET LOCAL {name} = '{value}'; "))
        .concat()
}

/// What makes them as they are now again, as SQL.
pub(super) fn as_now() -> String {
    let one = |(name, _)| {
        format!("format('SET LOCAL {name} = %L; ', pg_catalog.current_setting('{name}'))")
    };
    format!("SELECT {}", EXACT.map(one).join(" || "))
}

/// What makes a session one of ours.
pub(super) fn sql(role: Role, settings: &Settings) -> String {
    // What only looks needs the weakest of locks, and nobody waits behind it: the statement's
    // timeout is enough.
    let looks = matches!(role, Role::Reader | Role::Lease);
    let lock = if looks {
        0
    } else {
        millis(settings.lock_timeout)
    };
    let statement = statement_timeout(role, settings).map_or(0, millis);
    let batches = matches!(role, Role::Worker | Role::Sampler)
        .then_some(OF_BATCHES)
        .into_iter()
        .flatten();
    let records = (role == Role::Lease)
        .then_some(OF_RECORDS)
        .into_iter()
        .flatten();
    let limits = [
        ("lock_timeout", lock.to_string()),
        ("statement_timeout", statement.to_string()),
    ];
    let rows: Vec<String> = PINNED
        .into_iter()
        .chain(batches)
        .chain(records)
        .map(|(name, value)| (name, value.to_owned()))
        .chain(limits)
        .map(|(name, value)| format!("('{name}', '{value}')"))
        .collect();
    let kept = if role == Role::Hands { DDL_IS_KEPT } else { "" };
    // Not every server has all of them.
    format!(
        "{OWN_WORDS_FIRST}; {kept}; {OURS}; SELECT pg_catalog.set_config(name, value, false) FROM (VALUES {}) AS pinned (name, value) \
         WHERE pg_catalog.current_setting(name, true) IS NOT NULL",
        rows.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use concertina_sandbox::Postgres;

    /// Of the author's statements: as psql finds them.
    const OF_THE_AUTHOR: [&str; 37] = [
        "DateStyle",
        "IntervalStyle",
        "TimeZone",
        "timezone_abbreviations",
        "extra_float_digits",
        "bytea_output",
        "lc_messages",
        "lc_monetary",
        "lc_numeric",
        "lc_time",
        "default_text_search_config",
        "search_path",
        "session_replication_role",
        "default_table_access_method",
        "default_tablespace",
        "default_toast_compression",
        "temp_tablespaces",
        "check_function_bodies",
        "createrole_self_grant",
        "event_triggers",
        "xmlbinary",
        "xmloption",
        "array_nulls",
        "backslash_quote",
        "escape_string_warning",
        "lo_compat_privileges",
        "transform_null_equals",
        "synchronous_commit",
        "password_encryption",
        "gin_pending_list_limit",
        "dynamic_library_path",
        "extension_control_path",
        "local_preload_libraries",
        "session_preload_libraries",
        "icu_validation_level",
        "scram_iterations",
        "md5_password_warnings",
    ];

    /// Set elsewhere, or by the driver.
    const ELSEWHERE: [&str; 8] = [
        "client_encoding",
        "lock_timeout",
        "statement_timeout",
        "transaction_deferrable",
        "transaction_isolation",
        "transaction_read_only",
        "client_connection_check_interval",
        "deadlock_timeout",
    ];

    /// Of these categories none changes what a statement does, only how fast it is, and what is
    /// logged.
    const HARMLESS: [&str; 14] = [
        "Query Tuning",
        "Resource Usage",
        "Reporting and Logging",
        "Statistics",
        "Developer Options",
        "Write-Ahead Log",
        "Replication",
        "File Locations",
        "Connections and Authentication / Connection Settings",
        "Connections and Authentication / TCP Settings",
        "Vacuuming",
        "Autovacuum",
        "Customized Options",
        "Preset Options",
    ];

    #[tokio::test]
    async fn every_setting_of_the_server_is_pinned_or_known_to_do_no_harm() {
        let server = Postgres::start(&[("fsync", "off")])
            .await
            .expect("a server");
        let client = server.connect("postgres").await.expect("a session");
        let sql = "SELECT name, category FROM pg_settings WHERE context IN ('user', 'superuser') ORDER BY name";
        let rows = client.query(sql, &[]).await.expect("the settings");
        let known = |name: &str, category: &str| {
            PINNED.iter().any(|(pinned, _)| *pinned == name)
                || OF_THE_AUTHOR.contains(&name)
                || ELSEWHERE.contains(&name)
                // How VACUUM works is among what a client may set.
                || name.starts_with("vacuum_")
                || name == "synchronize_seqscans"
                || HARMLESS.iter().any(|harmless| category.starts_with(harmless))
        };
        let told = |row: &tokio_postgres::Row| (row.get::<_, String>(0), row.get::<_, String>(1));
        let unknown: Vec<_> = rows
            .iter()
            .map(told)
            .filter(|(name, category)| !known(name, category))
            .collect();
        assert!(
            rows.len() > 150 && unknown.is_empty(),
            "pin them, or say whose they are: {unknown:?}"
        );
    }

    #[tokio::test]
    async fn a_role_that_waits_for_no_disk_does_where_ddl_is_committed() {
        let server = Postgres::start(&[("fsync", "off")])
            .await
            .expect("a server");
        let client = server.connect("postgres").await.expect("a session");
        for (of_role, ours) in [
            ("off", "local"),
            ("local", "local"),
            ("remote_apply", "remote_apply"),
        ] {
            client
                .batch_execute(&format!("SET synchronous_commit = {of_role}"))
                .await
                .expect("it is set");
            client
                .batch_execute(&sql(Role::Hands, &Settings::default()))
                .await
                .expect("ours");
            let row = client
                .query_one("SHOW synchronous_commit", &[])
                .await
                .expect("the setting");
            assert_eq!(row.get::<_, &str>(0), ours);
        }
    }

    #[tokio::test]
    async fn what_is_pinned_holds_against_a_role() {
        let server = Postgres::start(&[("fsync", "off")])
            .await
            .expect("a server");
        let client = server.connect("postgres").await.expect("a session");
        client
            .batch_execute("SET row_security = on; SET statement_timeout = 77")
            .await
            .expect("it is set");
        client
            .batch_execute(&sql(Role::Reader, &Settings::default()))
            .await
            .expect("ours");
        let row = client
            .query_one(
                "SELECT current_setting('row_security'), current_setting('statement_timeout')",
                &[],
            )
            .await
            .expect("the settings");
        assert_eq!(
            (row.get::<_, &str>(0), row.get::<_, &str>(1)),
            ("off", "30s")
        );
    }
}
