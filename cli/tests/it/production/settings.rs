//! Settings that somebody made for a role, a database or the server.

use super::{LEADS, LOWER, WRONG, at, url_of};
use crate::fixture::Site;

/// A role that owns the table and may make what it needs.
const OWNER: &str =
    "CREATE ROLE migrator LOGIN; GRANT CREATE ON DATABASE site TO migrator; GRANT ALL ON SCHEMA public TO migrator;
    ALTER TABLE leads OWNER TO migrator;";

async fn as_migrator(settings: &str) -> Site {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    site.client
        .batch_execute(&format!("{OWNER} {settings}"))
        .await
        .unwrap();
    site
}

#[tokio::test(flavor = "multi_thread")]
async fn every_time_limit_of_a_role_is_set_aside() {
    let site = as_migrator(
        "ALTER ROLE migrator SET statement_timeout = '20ms'; ALTER ROLE migrator SET lock_timeout = '1ms';
         ALTER ROLE migrator SET idle_in_transaction_session_timeout = '20ms'; ALTER ROLE migrator SET idle_session_timeout = '30ms';
         ALTER ROLE migrator SET default_transaction_read_only = on; ALTER ROLE migrator SET default_transaction_deferrable = on;
         ALTER ROLE migrator SET default_transaction_isolation = 'serializable';
         DO $$ BEGIN IF current_setting('server_version_num')::int >= 170000 THEN
             EXECUTE 'ALTER ROLE migrator SET transaction_timeout = ''30ms'''; END IF; END $$;",
    )
    .await;
    let url = url_of(&site, "migrator");
    at(&site, &url, &["plan"]).ends(0);
    at(&site, &url, &["upgrade", "--rows-per-second-max", "4000"]).ends(3);
    at(&site, &url, &["contract"]).ends(0);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_path_of_odd_names_is_the_one_of_psql() {
    for path in [
        "''foo, bar''",
        "\"foo, bar\", public",
        "\"$user\", \"Foo\"\"x\", public",
        "''''",
    ] {
        let path = path
            .replace("''foo, bar''", "'foo, bar'")
            .replace("''''", "''");
        let site = as_migrator(&format!(
            "CREATE SCHEMA \"foo, bar\" AUTHORIZATION migrator; ALTER ROLE migrator SET search_path = {path}"
        ))
        .await;
        site.revision(
            "001_lower",
            &LOWER
                .replace("leads ", "public.leads ")
                .replace("INDEX public.", "INDEX "),
        );
        let url = url_of(&site, "migrator");
        at(&site, &url, &["upgrade"]).ends(3);
        at(&site, &url, &["contract"]).ends(0);
        at(
            &site,
            &url,
            &["downgrade", "base", "--contract", "--allow-data-loss"],
        )
        .ends(0);
        at(&site, &url, &["upgrade", "--contract"]).ends(0);
        assert_eq!(
            site.value::<i64>(&WRONG.replace("leads", "public.leads"))
                .await,
            0,
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_keep_all_their_digits() {
    let site = Site::new(LEADS, &[]).await;
    site.client
        .batch_execute(
            "ALTER DATABASE site SET extra_float_digits = -5; CREATE TABLE config (worth float8);
             INSERT INTO config VALUES (0.1::float8 + 0.2::float8);
             CREATE TABLE marks (at float8 PRIMARY KEY, n int, done int);
             INSERT INTO marks SELECT 1 + g * 1e-13::float8, g FROM generate_series(1, 2000) g;",
        )
        .await
        .unwrap();
    site.revision(
        "001_worth",
        "ALTER TABLE leads ADD COLUMN worth float8;
        UPDATE leads SET worth = (SELECT worth FROM config) WHERE worth IS NULL;
        ALTER TABLE leads ALTER COLUMN worth SET NOT NULL;",
    );
    site.revision(
        "002_marks",
        "ALTER TABLE marks ADD COLUMN twice int;
        -- concertina: key (at)
        UPDATE marks SET twice = n * 2 WHERE twice IS NULL;",
    );
    site.run(&["upgrade", "--contract"]).ends(0);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM leads, config WHERE leads.worth <> config.worth")
            .await,
        0
    );
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM marks WHERE twice IS DISTINCT FROM n * 2")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_read_in_one_way_whatever_strings_the_server_takes() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    site.client
        .batch_execute("ALTER DATABASE site SET standard_conforming_strings = off")
        .await
        .unwrap();
    site.run(&["upgrade", "--contract"]).ends(0);
    site.revision(
        "002_note",
        "ALTER TABLE leads ADD COLUMN note text;\n\nUPDATE leads SET note = 'a\\nb' WHERE note IS NULL;",
    );
    let before = site.schema();
    site.run(&["plan"])
        .ends(1)
        .says("standard_conforming_strings")
        .says("002_note.sql:3");
    site.run(&["upgrade"])
        .ends(1)
        .says("standard_conforming_strings");
    assert_eq!(site.schema(), before);
    // Written so that it can be read in one way only.
    site.revision(
        "002_note",
        "ALTER TABLE leads ADD COLUMN note text;\n\nUPDATE leads SET note = E'a\\nb' WHERE note IS NULL;",
    );
    site.run(&["upgrade", "--contract"]).ends(0);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM leads WHERE note <> E'a\\nb'")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_that_is_not_utf8_is_named_by_its_object() {
    let site = Site::new("", &[("001_lower", LOWER)]).await;
    let other = "CREATE DATABASE bytes ENCODING SQL_ASCII TEMPLATE template0 LOCALE 'C'";
    site.client.batch_execute(other).await.unwrap();
    let script = format!(
        "{LEADS} CREATE TABLE old (id int, word text DEFAULT convert_from('\\xc3'::bytea, 'SQL_ASCII'));
        SET client_encoding = SQL_ASCII; DO $$ BEGIN EXECUTE convert_from(
            'ALTER TABLE old ALTER word SET DEFAULT '''::bytea || '\\xe9'::bytea || ''''::bytea, 'SQL_ASCII'); END $$;"
    );
    site.server.psql("bytes", &script).unwrap();
    let url = site.server.url("bytes");
    at(&site, &url, &["plan"])
        .ends(1)
        .says("the default of old.word")
        .says("SQL_ASCII");
    site.server
        .psql("bytes", "ALTER TABLE old ALTER word DROP DEFAULT")
        .unwrap();
    at(&site, &url, &["upgrade", "--contract"]).ends(0);
}

/// What a role's settings make of its statements they make of ours: psql ends with the same.
#[tokio::test(flavor = "multi_thread")]
async fn settings_mean_what_they_mean_to_psql() {
    let site = as_migrator(
        "ALTER ROLE migrator SET DateStyle = 'SQL, DMY'; ALTER ROLE migrator SET IntervalStyle = 'sql_standard';
         ALTER ROLE migrator SET TimeZone = 'Asia/Kolkata'; ALTER ROLE migrator SET transform_null_equals = on;
         ALTER ROLE migrator SET array_nulls = off; ALTER ROLE migrator SET bytea_output = 'escape';
         ALTER ROLE migrator SET check_function_bodies = off; ALTER ROLE migrator SET synchronous_commit = off;
         ALTER ROLE migrator SET extra_float_digits = -3; ALTER ROLE migrator SET default_toast_compression = 'pglz';
         ALTER ROLE migrator SET default_transaction_isolation = 'repeatable read'; ALTER ROLE migrator SET client_encoding = 'LATIN1';
         ALTER ROLE migrator SET quote_all_identifiers = on;
         ALTER ROLE migrator SET exit_on_error = on; ALTER ROLE migrator SET client_min_messages = 'error';",
    )
    .await;
    let revision = "ALTER TABLE leads ADD COLUMN day date DEFAULT '05/06/2024', ADD COLUMN at timestamptz, ADD COLUMN span interval,
            ADD COLUMN raw bytea, ADD COLUMN words text[];
        UPDATE leads SET at = '03/04/2024 10:00', span = interval '-1 2:03:04', words = '{a,null}', raw = decode('00ff41', 'hex')
            WHERE at IS NULL;
        ALTER TABLE leads ALTER COLUMN at SET NOT NULL;
        ALTER TABLE leads ADD COLUMN shown text;
        UPDATE leads SET shown = raw::text || day::text || at::text || span::text || (0.1::float8 + 0.2::float8)::text
            || (email = null)::text WHERE shown IS NULL;
        CREATE FUNCTION later() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM not_there';
        ALTER TABLE leads ADD CONSTRAINT dated CHECK (day > '01/02/2024');";
    site.revision("001_lower", revision);
    let made = site.server.dump("site", &["--inserts"]).unwrap();
    let made: Vec<&str> = made
        .lines()
        .filter(|line| !line.starts_with('\\'))
        .collect();
    site.server.create_database("psql", None).await.unwrap();
    site.server.psql("psql", &made.join("\n")).unwrap();
    let psql = std::process::Command::new("psql")
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", revision, "-d"])
        .arg(
            site.server
                .url("psql")
                .replace("user=postgres", "user=migrator"),
        )
        .output()
        .unwrap();
    assert!(psql.status.success(), "{psql:?}");
    at(
        &site,
        &url_of(&site, "migrator"),
        &["upgrade", "--contract"],
    )
    .ends(0);
    let dumped = |database: &str| {
        let text = site
            .server
            .dump(database, &["--inserts", "-N", "concertina"])
            .unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('\\'));
        let mut lines: Vec<String> = lines.map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(dumped("site"), dumped("psql"));
}
