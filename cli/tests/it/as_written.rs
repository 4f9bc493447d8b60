//! Where there are no rows everything runs as it is written: whatever psql would run, and with its
//! end.

use crate::fixture::Site;
use tokio_postgres::Client;

/// A database without a row, as a new developer or CI has it.
const NEW: &str = "CREATE TABLE leads (id serial PRIMARY KEY, email text, score int);
    CREATE TABLE calls (id bigserial PRIMARY KEY, lead_id int REFERENCES leads ON DELETE CASCADE, at date);
    CREATE VIEW hot AS SELECT id, email FROM leads WHERE score > 5;
    CREATE TABLE events (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
    CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE TYPE mood AS ENUM ('glad', 'sad');";

/// The same beside a table that is in use.
const BESIDE: &str = "CREATE TABLE used (id int PRIMARY KEY, a text, n int); INSERT INTO used SELECT g, 'a', g FROM generate_series(1, 3000) g;";

/// Every row of every table, and where sequences are.
async fn rows(client: &Client) -> Vec<String> {
    let relations =
        "SELECT c.oid::regclass::text, c.relkind = 'S' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE (c.relkind IN ('r', 'S') OR c.relkind = 'm' AND c.relispopulated)
          AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'concertina') ORDER BY 1";
    let mut found = Vec::new();
    for row in client.query(relations, &[]).await.unwrap() {
        let (name, sequence): (String, bool) = (row.get(0), row.get(1));
        let shown = if sequence {
            "last_value || ' ' || is_called"
        } else {
            "to_jsonb(t)::text"
        };
        let sql = format!(
            "SELECT coalesce(md5(string_agg(line, '|' ORDER BY line)), '') FROM (SELECT {shown} AS line FROM {name} t) AS lines"
        );
        let sum: String = client.query_one(&sql, &[]).await.unwrap().get(0);
        found.push(format!("{name} {sum}"));
    }
    found
}

/// A server on which databases are made anew for each trial.
struct Twice {
    site: Site,
}

impl Twice {
    async fn new() -> Twice {
        Twice {
            site: Site::new("", &[]).await,
        }
    }

    /// Makes the database anew, with these revisions in the folder and no others.
    async fn begin(&mut self, setup: &str, revisions: &[&str]) {
        self.site.server.drop_database("site").await.unwrap();
        self.site
            .server
            .create_database("site", None)
            .await
            .unwrap();
        self.site.client = self.site.server.connect("site").await.unwrap();
        self.site.client.batch_execute(setup).await.unwrap();
        std::fs::remove_dir_all(self.site.revisions()).unwrap();
        std::fs::create_dir(self.site.revisions()).unwrap();
        for (at, sql) in revisions.iter().enumerate() {
            self.site.revision(&format!("{:03}_r", at + 1), sql);
        }
    }

    /// Runs revisions on a database, and the same files by psql on a copy: both end the same.
    async fn as_psql(&mut self, setup: &str, revisions: &[&str]) {
        self.begin(setup, revisions).await;
        let site = &self.site;
        site.server.create_database("naive", None).await.unwrap();
        let naive = site.server.connect("naive").await.unwrap();
        naive.batch_execute(setup).await.unwrap();
        for sql in revisions {
            let up = sql.split("-- down").next().unwrap();
            let script = format!("\\set ON_ERROR_STOP on\n{up}");
            site.server
                .psql("naive", &script)
                .unwrap_or_else(|error| panic!("{error}\n{sql}"));
        }
        let wanted = (
            site.server.dump_schema("naive").unwrap(),
            rows(&naive).await,
        );
        site.run(&["check"]).ends(0);
        site.run(&["upgrade"]).ends(0);
        assert_eq!(site.schema(), wanted.0, "{revisions:?}");
        assert_eq!(rows(&site.client).await, wanted.1, "{revisions:?}");
        site.run(&["upgrade"]).ends(0).says("nothing to do");
        site.server.drop_database("naive").await.unwrap();
    }
}

/// Each alone in a database without rows.
const ANYTHING: &[&str] = &[
    "DO $$ BEGIN EXECUTE 'CREATE TABLE made (id int)'; INSERT INTO leads (email) VALUES ('a'); END $$;",
    "DO $$ BEGIN CREATE TYPE mood AS ENUM ('x'); EXCEPTION WHEN duplicate_object THEN NULL; END $$; ALTER TABLE leads ADD COLUMN mood mood;",
    "DROP TABLE leads CASCADE;",
    "ALTER TABLE leads DROP COLUMN score CASCADE; DROP TABLE calls;",
    "TRUNCATE leads, calls; TRUNCATE TABLE leads RESTART IDENTITY CASCADE;",
    "CREATE TABLE copy AS SELECT * FROM leads; ALTER TABLE copy ADD PRIMARY KEY (id); SELECT id INTO other FROM copy;",
    "SET LOCAL lock_timeout = '5s'; SET statement_timeout = 0; ALTER TABLE leads ADD COLUMN a int;",
    "SET lock_timeout TO '2s'; SET search_path = pg_temp, public; RESET search_path; CREATE TABLE b (id int);",
    "BEGIN; LOCK TABLE leads IN ACCESS EXCLUSIVE MODE; ALTER TABLE leads RENAME COLUMN email TO mail; COMMIT;",
    "ANALYZE; ANALYZE leads; ANALYZE leads (id);",
    "VACUUM leads; VACUUM FULL;",
    "BEGIN; SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE calls DROP CONSTRAINT calls_lead_id_fkey; COMMIT;",
    "INSERT INTO leads (email) VALUES ('a'), ('b'); UPDATE leads SET score = id * 2; DELETE FROM leads WHERE id IN (SELECT max(id) FROM leads);",
    "CREATE RULE quiet AS ON DELETE TO leads DO INSTEAD NOTHING; INSERT INTO leads (email) VALUES ('kept'); DELETE FROM leads;",
    "CREATE TEMP TABLE seeds (email text); INSERT INTO seeds VALUES ('s'); INSERT INTO leads (email) SELECT email FROM seeds;",
    "BEGIN; COMMIT; ALTER TYPE mood ADD VALUE 'calm'; BEGIN; ALTER TABLE leads ADD COLUMN mood mood DEFAULT 'calm'; COMMIT;",
    "ALTER TYPE mood ADD VALUE 'calm'; ALTER TYPE mood ADD VALUE 'wild' BEFORE 'sad'; ALTER TABLE leads ADD COLUMN mood mood DEFAULT 'wild';",
    "CREATE INDEX CONCURRENTLY leads_score ON leads (score); DROP INDEX CONCURRENTLY leads_score; REINDEX TABLE CONCURRENTLY leads;",
    "CREATE INDEX leads_email ON leads (email); CREATE INDEX CONCURRENTLY leads_email_new ON leads (email); DROP INDEX leads_email; ALTER INDEX leads_email_new RENAME TO leads_email;",
    "MERGE INTO leads l USING (VALUES (1, 'm')) v (id, email) ON l.id = v.id WHEN NOT MATCHED THEN INSERT (id, email) VALUES (v.id, v.email);",
    "ALTER TABLE calls SET UNLOGGED; ALTER TABLE leads SET (fillfactor = 70); CLUSTER leads USING leads_pkey;",
    "ALTER TABLE leads RENAME TO people; CREATE TABLE leads (id int); DROP VIEW hot; CREATE VIEW hot AS SELECT id FROM people;",
    "DROP VIEW IF EXISTS hot; ALTER TABLE leads ALTER COLUMN email TYPE varchar(80); CREATE OR REPLACE VIEW hot AS SELECT id, email FROM leads;",
    "DROP VIEW hot; ALTER TABLE leads ALTER id TYPE bigint; ALTER SEQUENCE leads_id_seq AS bigint; SELECT setval('leads_id_seq', 500);",
    "DROP TYPE mood; CREATE TYPE mood AS ENUM ('b', 'a'); ALTER TYPE mood RENAME TO moods;",
    "CREATE SCHEMA app CREATE TABLE things (id int); ALTER TABLE leads SET SCHEMA app;",
    "SET search_path TO newer, public; CREATE SCHEMA newer; CREATE TABLE inner_one (id int); RESET search_path; CREATE TABLE outer_one (id int);",
    "ALTER TABLE events ADD PRIMARY KEY (id, at); ALTER TABLE events DETACH PARTITION events_2026; DROP TABLE events_2026;",
    "BEGIN; SAVEPOINT a; CREATE TABLE s (id int); ROLLBACK TO a; CREATE TABLE t (id int); RELEASE a; COMMIT;",
    "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.score := 7; RETURN new; END $$; CREATE TRIGGER g BEFORE INSERT ON leads FOR EACH ROW EXECUTE FUNCTION stamp(); INSERT INTO leads (email) VALUES ('t'); ALTER TABLE leads DISABLE TRIGGER g; INSERT INTO leads (email) VALUES ('u');",
    "CREATE PROCEDURE seed() LANGUAGE sql AS $$ INSERT INTO leads (email) VALUES ('p') $$; CALL seed(); DROP PROCEDURE seed();",
    "PREPARE p AS INSERT INTO leads (email) VALUES ($1); EXECUTE p('e'); DEALLOCATE p;",
    "BEGIN; CREATE TABLE x (id int PRIMARY KEY, y int); CREATE TABLE y (id int PRIMARY KEY, x int REFERENCES x DEFERRABLE INITIALLY DEFERRED); INSERT INTO y VALUES (1, 1); INSERT INTO x VALUES (1, 1); COMMIT;",
    "CREATE TABLE x (id int PRIMARY KEY, up int REFERENCES x DEFERRABLE INITIALLY DEFERRED); INSERT INTO x VALUES (1, 1); ALTER TABLE x ADD COLUMN z int;",
    "SET ROLE pg_monitor; SET SESSION AUTHORIZATION DEFAULT; RESET ROLE; CREATE TABLE r (id int);",
    "-- nothing to do in SQL",
    "COMMENT ON TABLE leads IS 'people'; GRANT SELECT ON leads TO PUBLIC; REVOKE ALL ON leads FROM PUBLIC; GRANT INSERT ON leads TO PUBLIC;",
];

/// Those that the server knows: MERGE came with PostgreSQL 15.
async fn here(all: &'static [&'static str], twice: &Twice) -> Vec<&'static str> {
    let merges = crate::corpus::major(&twice.site.client).await >= 15;
    all.iter()
        .copied()
        .filter(|sql| merges || !sql.contains("MERGE INTO"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_psql_runs_is_run_in_a_database_without_rows() {
    let mut twice = Twice::new().await;
    for sql in here(ANYTHING, &twice).await {
        twice.as_psql(NEW, &[sql]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_with_seeds_is_run_to_its_end() {
    let mut twice = Twice::new().await;
    twice.as_psql("", ANYTHING_IN_A_ROW).await;
    assert_eq!(
        twice
            .site
            .value::<i64>("SELECT count(*) FROM concertina.revision WHERE state = 'applied'")
            .await,
        9
    );
}

/// A history: rows are put there, and changed by what would be refused of rows that others put
/// there.
const ANYTHING_IN_A_ROW: &[&str] = &[
    "CREATE TABLE roles (id serial PRIMARY KEY, name text); INSERT INTO roles (name) VALUES ('admin'), ('user'), ('gone');",
    "DO $$ BEGIN INSERT INTO roles (name) VALUES ('opaque'); EXCEPTION WHEN others THEN NULL; END $$;",
    "UPDATE roles SET name = upper(name); DELETE FROM roles WHERE id = (SELECT max(id) FROM roles);",
    "ALTER TABLE roles ADD COLUMN rank int; UPDATE roles SET rank = id + 1; ALTER TABLE roles ALTER rank SET NOT NULL;",
    "CREATE TABLE kept AS SELECT * FROM roles; TRUNCATE roles CASCADE; INSERT INTO roles (name, rank) SELECT name, rank FROM kept; DROP TABLE kept CASCADE;",
    "ALTER TABLE roles RENAME TO groups; ALTER TABLE groups ALTER COLUMN name TYPE varchar(20), DROP COLUMN rank CASCADE;",
    "CREATE TABLE many AS SELECT g AS id, 'x' || g AS name FROM generate_series(1, 30000) g;",
    "ALTER TABLE many ADD PRIMARY KEY (id); CREATE INDEX ON many (name); ALTER TABLE many ALTER id TYPE bigint;",
    "DROP TABLE many CASCADE; CREATE MATERIALIZED VIEW names AS SELECT name FROM groups;",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_history_goes_on_where_it_was_stopped_by_a_mistake() {
    let mut twice = Twice::new().await;
    for at in [1, 4, 8] {
        twice.begin("", ANYTHING_IN_A_ROW).await;
        let site = &twice.site;
        let (id, sql) = (format!("{:03}_r", at + 1), ANYTHING_IN_A_ROW[at]);
        site.revision(
            &id,
            &format!("CREATE TABLE half (id int); {sql} SELECT 1 / 0;"),
        );
        site.run(&["upgrade"]).ends(1).says("division by zero");
        assert!(
            site.value::<bool>("SELECT to_regclass('half') IS NULL")
                .await,
            "nothing of it stays"
        );
        site.run(&["status"]).ends(0);
        site.revision(&id, sql);
        site.run(&["upgrade"]).ends(0);
        assert_eq!(
            site.value::<i64>("SELECT count(*) FROM concertina.revision WHERE state = 'applied'")
                .await,
            9
        );
        assert_eq!(site.value::<i64>("SELECT count(*) FROM groups").await, 3);
    }
}

/// On tables without rows beside others that have some.
const BESIDE_OTHERS: &[&str] = &[
    "TRUNCATE leads, calls; ALTER TABLE calls DROP COLUMN at; ALTER TABLE calls ADD COLUMN at varchar(9) NOT NULL;",
    "CREATE TABLE copy AS SELECT id, email FROM leads; ALTER TABLE copy ADD PRIMARY KEY (id); INSERT INTO copy VALUES (1, 'a'); UPDATE copy SET id = id + 1;",
    "ALTER TABLE calls ADD COLUMN used_id int REFERENCES used; CREATE INDEX CONCURRENTLY ON calls (used_id); ANALYZE calls;",
    "BEGIN; LOCK TABLE calls; SET LOCAL lock_timeout = '9s'; DROP TABLE calls CASCADE; COMMIT;",
    "ALTER TABLE leads RENAME COLUMN score TO points; UPDATE leads SET points = 1; ALTER TABLE leads ALTER points SET NOT NULL;",
    "INSERT INTO leads (id, email) VALUES (1, 'seed'); DELETE FROM leads; CREATE RULE quiet AS ON DELETE TO leads DO INSTEAD NOTHING;",
    "ALTER TABLE events DETACH PARTITION events_2026; DROP TABLE events_2026; CREATE TABLE events_all PARTITION OF events DEFAULT;",
    "ALTER TABLE calls DROP CONSTRAINT calls_lead_id_fkey; ALTER TABLE calls ADD CONSTRAINT calls_lead_id_fkey FOREIGN KEY (lead_id) REFERENCES leads;",
    "DROP TABLE calls; CREATE TABLE calls (id int); ALTER TABLE calls RENAME TO talks; CREATE TABLE calls (LIKE used INCLUDING ALL);",
    "SET work_mem = '8MB'; MERGE INTO leads l USING (VALUES (1, 'm')) v (id, email) ON l.id = v.id WHEN NOT MATCHED THEN INSERT (id, email) VALUES (v.id, v.email);",
];

#[tokio::test(flavor = "multi_thread")]
async fn tables_without_rows_beside_others_are_changed_as_written() {
    let mut twice = Twice::new().await;
    for sql in here(BESIDE_OTHERS, &twice).await {
        twice.as_psql(&format!("{NEW}{BESIDE}"), &[sql]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_touches_rows_is_planned_as_before() {
    let mut twice = Twice::new().await;
    // Rows of others go in contract alone.
    for (sql, ends) in [
        ("TRUNCATE used;", 3),
        ("TRUNCATE leads; TRUNCATE used;", 1),
        (
            "SELECT query_to_xml('DELETE FROM used', true, true, '');",
            1,
        ),
        ("VACUUM FULL;", 1),
        ("REINDEX DATABASE site;", 1),
        ("TRUNCATE parent;", 3),
        ("TRUNCATE child CASCADE;", 3),
    ] {
        let setup = format!(
            "{NEW}{BESIDE} CREATE TABLE parent (id int); CREATE TABLE other () INHERITS (parent); INSERT INTO other VALUES (1);
             CREATE TABLE child (id int PRIMARY KEY); CREATE TABLE points (child int REFERENCES child); INSERT INTO points VALUES (NULL);"
        );
        twice.begin(&setup, &[sql]).await;
        let site = &twice.site;
        let before = (site.schema(), rows(&site.client).await);
        let code = site.run(&["upgrade"]).code;
        assert_eq!(code, ends, "{sql}");
        assert_eq!((site.schema(), rows(&site.client).await), before, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_others_are_noticed_whenever_they_come() {
    let site = Site::new(
        "CREATE TABLE t (id int, a int); CREATE TABLE u (id int);",
        &[
            (
                "001_r",
                "DO $$ BEGIN ALTER TABLE t ADD COLUMN b int; END $$;",
            ),
            ("002_r", "TRUNCATE t;"),
        ],
    )
    .await;
    site.run(&["upgrade", "001"]).ends(0);
    // Not in what is touched, but somewhere: TRUNCATE of a table without rows is as written still.
    site.client
        .batch_execute("INSERT INTO u VALUES (1)")
        .await
        .unwrap();
    site.run(&["upgrade"]).ends(0);
    site.revision("003_r", "VACUUM FULL u;");
    site.run(&["upgrade"]).ends(1);
    site.client.batch_execute("DELETE FROM u").await.unwrap();
    site.run(&["upgrade"]).ends(0);
}

/// Rows that come while the lock is waited for, by a transaction that began before.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_come_before_the_lock_is_granted_are_planned_for() {
    let mut twice = Twice::new().await;
    for (beside, sql, ends) in [
        (
            BESIDE,
            "ALTER TABLE t ALTER a TYPE bigint; ALTER TABLE t ALTER a SET NOT NULL;",
            3,
        ),
        (
            "",
            "ALTER TABLE t ALTER a TYPE bigint; ALTER TABLE t ALTER a SET NOT NULL;",
            3,
        ),
        (BESIDE, "TRUNCATE t;", 3),
        ("", "TRUNCATE t;", 3),
    ] {
        twice
            .begin(
                &format!("CREATE TABLE t (id int PRIMARY KEY, a int); {beside}"),
                &[sql],
            )
            .await;
        let site = &twice.site;
        let writer = site.server.connect("site").await.unwrap();
        writer
            .batch_execute("BEGIN; INSERT INTO t SELECT g, g FROM generate_series(1, 500) g;")
            .await
            .unwrap();
        let mut command = site.command(&["upgrade"]);
        let running =
            tokio::task::spawn_blocking(move || crate::fixture::said(&command.output().unwrap()));
        tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
        writer.batch_execute("COMMIT").await.unwrap();
        running.await.unwrap().ends(ends);
        assert_eq!(site.value::<i64>("SELECT count(*) FROM t").await, 500);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_dump_is_nobodys_own() {
    let mut twice = Twice::new().await;
    twice.as_psql("", &ANYTHING_IN_A_ROW[..3]).await;
    let site = &twice.site;
    let dump = site.server.dump("site", &[]).unwrap();
    // A newer pg_dump sets what an older server doesn't know.
    let dump: Vec<&str> = dump
        .lines()
        .filter(|line| !line.starts_with("SET transaction_timeout"))
        .collect();
    let dump = dump.join("\n");
    site.server.create_database("restored", None).await.unwrap();
    site.server
        .psql("restored", &format!("BEGIN;\n{dump}\nCOMMIT;"))
        .unwrap();
    site.revision("004_r", "TRUNCATE roles CASCADE;");
    let url = site.server.url("restored");
    crate::fixture::said(&site.command(&["upgrade", "--url", &url]).output().unwrap()).ends(3);
    site.run(&["upgrade"]).ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_applied_refuses_nothing() {
    let site = Site::new(
        "CREATE TABLE t (id int);",
        &[
            ("001_r", "VACUUM FULL t; CREATE DATABASE other;"),
            ("002_r", "DO $$ BEGIN NULL; END $$; ALTER SYSTEM RESET ALL;"),
        ],
    )
    .await;
    site.run(&["stamp", "head"]).ends(0);
    site.client
        .batch_execute("INSERT INTO t VALUES (1)")
        .await
        .unwrap();
    site.revision("003_r", "ALTER TABLE t ADD COLUMN a int;");
    site.run(&["check"]).ends(0);
    site.run(&["upgrade"]).ends(0);
    site.run(&["status"]).ends(0);
    site.run(&["downgrade", "-1", "--contract"]).ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_refused_is_told_before_the_first_runs() {
    let mut twice = Twice::new().await;
    let setup =
        "CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, NULL), (2, 5);";
    for (first, second, ends) in [
        (
            "CREATE TABLE new_one (id int);",
            "ALTER TABLE t ALTER a SET NOT NULL;",
            2,
        ),
        (
            "ALTER TABLE t ADD COLUMN b int;",
            "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 5);",
            2,
        ),
        ("CREATE INDEX ON t (a);", "VACUUM FULL t;", 1),
        // These make it right.
        (
            "UPDATE t SET a = 6 WHERE a IS NULL;",
            "ALTER TABLE t ALTER a SET NOT NULL;",
            0,
        ),
        (
            "ALTER TABLE t ADD COLUMN b int DEFAULT 3;",
            "ALTER TABLE t ALTER b SET NOT NULL;",
            0,
        ),
    ] {
        twice.begin(setup, &[first, second]).await;
        let site = &twice.site;
        let before = site.schema();
        let said = site.run(&["upgrade", "--contract"]).ends(ends);
        if ends != 0 {
            assert_eq!(site.schema(), before, "{first} {second}: {}", said.err);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn down_again_is_where_it_began() {
    let mut twice = Twice::new().await;
    for sql in [
        "ALTER TABLE leads ADD COLUMN a int NOT NULL; CREATE INDEX ON leads (a); ALTER TABLE calls RENAME COLUMN at TO day;",
        "BEGIN; SET LOCAL lock_timeout = '1s'; ALTER TABLE leads ALTER email SET NOT NULL; ANALYZE leads; COMMIT;",
        "CREATE TABLE x (id int PRIMARY KEY); CREATE TABLE y (x int REFERENCES x); COMMENT ON TABLE leads IS 'people';",
        "ALTER TABLE leads DROP COLUMN email CASCADE;\n-- down\nALTER TABLE leads ADD COLUMN email text; CREATE VIEW hot AS SELECT id FROM leads; DROP VIEW hot CASCADE;",
    ] {
        twice.begin(NEW, &[sql]).await;
        let site = &twice.site;
        let before = site.schema();
        site.run(&["upgrade"]).ends(0);
        site.run(&["downgrade", "base", "--contract"]).ends(0);
        if !sql.contains("-- down") {
            assert_eq!(site.schema(), before, "{sql}");
        }
        site.run(&["current"]).ends(0).says("base");
    }
    twice.begin(NEW, &["DROP TABLE leads CASCADE;"]).await;
    let site = &twice.site;
    site.run(&["plan"])
        .ends(0)
        .says("no reverse can be derived: statement 1");
    site.run(&["upgrade"]).ends(0);
    let after = site.schema();
    site.run(&["downgrade", "base", "--contract"])
        .ends(1)
        .says("-- down");
    assert_eq!(site.schema(), after);
}
