//! Texts by chance: pieces of SQL, of directives and of settings, in any order and broken anywhere.

use concertina_chaos::any_text;
use proptest::prelude::*;

const SQL: &[&str] = &[
    "ALTER TABLE leads",
    "ADD COLUMN",
    "n",
    "c int",
    "SET NOT NULL",
    "UPDATE leads SET n = 1",
    "WHERE n IS NULL",
    ";",
    "--",
    "\n",
    "-- down\n",
    "-- revises: 000\n",
    "-- revises:",
    "-- concertina: ",
    "workers 4\n",
    "reverse (n)",
    "phase contract\n",
    "/*",
    "*/",
    "$$",
    "$x$",
    "'",
    "\"",
    "E'\\",
    "U&\"\\0041\"",
    "(",
    ")",
    ",",
    "\0",
    "\u{FEFF}",
    "\u{202E}",
    "ünï🐉",
    "\r\n",
    "\t",
    "BEGIN",
    "COMMIT",
    "CREATE INDEX ON leads (n)",
    "DROP TABLE owners",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS ",
    "SELECT 1",
    "ALTER TABLE leads ALTER COLUMN n TYPE bigint",
    "RENAME TO",
    "owners",
    "CHECK (n > 0)",
    "DEFAULT",
    "UNIQUE",
    "CONCURRENTLY",
    "\\gset",
    "COPY leads FROM stdin",
    "ALTER TYPE t ADD VALUE",
    "INSERT INTO leads SELECT",
    "DELETE FROM leads",
    "allow blocking\n",
];

const DIRECTIVES: &[&str] = &[
    "workers",
    "4",
    "-1",
    "99999999999",
    "reverse",
    "(n)",
    "(",
    ")",
    "phase",
    "contract",
    "expand",
    "allow blocking",
    "key",
    "(id)",
    "(id,",
    "idempotent",
    "with references",
    ",",
    ";",
    "--",
    "'",
    "\"",
    "\0",
    "🐉",
    "  ",
];

const SETTINGS: &[&str] = &[
    "revisions = ",
    "\"a\"",
    "url = ",
    "versions = ",
    "true",
    "[limits]\n",
    "lock_timeout_ms = ",
    "0",
    "-5",
    "1e300",
    "workers = ",
    "70000",
    "hours = ",
    "\"22:00-6:00\"",
    "\"\"",
    "batch_target_ms = ",
    "0.2",
    "nan",
    "inf",
    "\n",
    "[",
    "]",
    "=",
    "\0",
    "vacuum_dead_percent = ",
    "101",
    "wal_mb_per_second_max = ",
    "18446744073709551615",
    "lock_budget_s = ",
    "9223372036854775807",
    "latency_budget_percent = ",
    "replica_lag_max_s = ",
    "replica_backlog_max_mb = ",
];

const CONNECTIONS: &[&str] = &[
    "postgres://",
    "ann",
    ":",
    "@",
    "host",
    "/",
    "?",
    "sslmode=",
    "require",
    "verify-full",
    "&",
    "sslrootcert=",
    "/ca.pem",
    "host=",
    "port=",
    "5432",
    "99999",
    "dbname=",
    "'",
    "\\",
    " ",
    "=",
    "%",
    "%00",
    "%zz",
    "[::1]",
    "🐉",
    "options=-c",
    "\0",
    "password=",
    "connect_timeout=",
];

fn soup(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
    let known = prop::sample::select(pieces).prop_map(str::to_owned);
    let piece =
        prop_oneof![12 => known, 1 => "\\PC{0,4}", 1 => any::<char>().prop_map(String::from)];
    prop::collection::vec((piece, prop_oneof![Just(" "), Just(""), Just("\n")]), 0..24).prop_map(
        |pieces| {
            pieces
                .into_iter()
                .map(|(piece, after)| piece + after)
                .collect()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) })]

    #[test]
    fn any_revision(text in soup(SQL)) {
        any_text::revision(&text);
    }

    #[test]
    fn any_directive(text in soup(DIRECTIVES)) {
        any_text::directive(&text);
    }

    #[test]
    fn any_settings(text in soup(SETTINGS)) {
        any_text::settings(&text);
    }

    #[test]
    fn any_connection(text in soup(CONNECTIONS)) {
        any_text::connection(&text);
    }

    #[test]
    fn any_part_of_a_stored_plan(cut in 0..4_000_usize, from in 0..4_000_usize, piece in soup(SQL)) {
        let plan = include_str!("../../../cli/tests/it/state/plans_1.json").lines().nth(cut % 30).unwrap_or_default();
        let (cut, from) = (plan.floor_char_boundary(cut.min(plan.len())), plan.floor_char_boundary(from.min(plan.len())));
        any_text::stored_plan(plan);
        any_text::stored_plan(&format!("{}{piece}{}", &plan[..cut], &plan[from..]));
    }
}
