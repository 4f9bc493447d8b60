//! Statements that depend on each other end as psql, which runs one after the other, leaves them:
//! the same schema and the same rows, or a refusal before anything changes.

use crate::corpus::Copied;
use crate::fixture::{Said, bare, said};
use crate::lifecycle::{as_psql, rows, without_order};

const TABLES: &str = "
    CREATE TABLE t (id bigint PRIMARY KEY, a int, b text, d boolean NOT NULL DEFAULT false, q int CHECK (q >= 0), s text);
    INSERT INTO t SELECT g, g % 10, 'b' || g, g % 2 = 0, g % 5, CASE WHEN g % 3 = 0 THEN '1' ELSE '2' END FROM generate_series(1, 900) g;
    CREATE INDEX t_a ON t (a);
    CREATE TABLE p (id int PRIMARY KEY, n int);
    INSERT INTO p SELECT g, g FROM generate_series(1, 300) g;
    CREATE TABLE c (id int PRIMARY KEY, p_id int CONSTRAINT c_fk REFERENCES p (id));
    INSERT INTO c SELECT g, g FROM generate_series(1, 300) g;
    CREATE VIEW v AS SELECT id, b FROM t;
    COMMENT ON VIEW v IS 'a view';
    GRANT SELECT ON v TO pg_monitor;
    CREATE MATERIALIZED VIEW m AS SELECT d, count(*) AS n FROM t GROUP BY d;
    GRANT SELECT, INSERT ON t TO pg_monitor;
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'append only'; END $$;
    CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch();
    CREATE TABLE log (id int PRIMARY KEY, x int, y int);
    INSERT INTO log SELECT g, g, NULL FROM generate_series(1, 500) g;
    CREATE TRIGGER u BEFORE UPDATE ON log FOR EACH ROW EXECUTE FUNCTION refuse();
    CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT $1 / 2 $$;
    CREATE TYPE mood AS ENUM ('glad', 'sad');
    CREATE TABLE moods (id int PRIMARY KEY, mood mood NOT NULL DEFAULT 'glad');
    INSERT INTO moods SELECT g, CASE WHEN g % 2 = 0 THEN 'sad' ELSE 'glad' END::mood FROM generate_series(1, 300) g;
    CREATE DOMAIN word AS text;
    CREATE SEQUENCE tickets;
    CREATE POLICY own ON p USING (n > 0);
    CREATE TABLE ev (id bigint NOT NULL, at date NOT NULL, kind text) PARTITION BY RANGE (at);
    CREATE TABLE ev1 PARTITION OF ev FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    CREATE TABLE ev2 PARTITION OF ev FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    INSERT INTO ev SELECT g, date '2025-01-01' + g % 700, 'k' || g % 5 FROM generate_series(1, 500) g;
    CREATE INDEX ev1_kind ON ev1 (kind);
    ANALYZE;";

/// One database for the command, one for psql.
struct Pair<'a> {
    copied: &'a Copied,
    folder: tempfile::TempDir,
    name: String,
}

impl Pair<'_> {
    fn run(&self, words: &[&str]) -> Said {
        let mut command = bare(self.folder.path(), words);
        command.env("DATABASE_URL", self.copied.server.url(&self.name));
        said(&command.output().unwrap())
    }

    fn dump(&self, name: &str) -> String {
        without_order(&self.copied.server.dump_schema(name).unwrap())
    }
}

/// Each case is a name and its revisions.
async fn end_as_psql_does(cases: &[(&str, &[&str])]) {
    let copied = Copied::new(&[("fsync", "off")], TABLES).await;
    for (name, revisions) in cases {
        let (ours, naive) = (format!("ours_{name}"), format!("psql_{name}"));
        copied.copy(&ours).await;
        copied.copy(&naive).await;
        let client = copied.server.connect(&naive).await.unwrap();
        let pair = Pair {
            copied: &copied,
            folder: tempfile::tempdir().unwrap(),
            name: ours.clone(),
        };
        let start = pair.dump(&ours);
        std::fs::create_dir(pair.folder.path().join("revisions")).unwrap();
        for (at, sql) in revisions.iter().enumerate() {
            as_psql(&client, sql)
                .await
                .unwrap_or_else(|error| panic!("{name}: {error:?}"));
            std::fs::write(
                pair.folder
                    .path()
                    .join(format!("revisions/{at:03}_change.sql")),
                sql,
            )
            .unwrap();
        }
        let mut last = pair.run(&["upgrade"]);
        if last.code == 3 && revisions.len() == 1 {
            pair.run(&["rollback"]).ends(0);
            assert_eq!(pair.dump(&ours), start, "{name}: rollback leaves no trace");
            last = pair.run(&["upgrade"]);
        }
        for _ in revisions.iter().filter(|_| last.code == 3) {
            pair.run(&["contract"]).ends(0);
        }
        while last.code == 3 {
            last = pair.run(&["upgrade", "--contract"]);
        }
        assert_eq!(last.code, 0, "{name}: {}{}", last.out, last.err);
        assert_eq!(pair.dump(&ours), pair.dump(&naive), "{name}");
        let client_ours = copied.server.connect(&ours).await.unwrap();
        assert_eq!(rows(&client_ours).await, rows(&client).await, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replacements() {
    end_as_psql_does(&[
        ("view", &["DROP VIEW IF EXISTS v; CREATE OR REPLACE VIEW v AS SELECT id, a FROM t"]),
        ("view_with_its_rights", &["DROP VIEW v; CREATE VIEW v AS SELECT b, id FROM t; GRANT SELECT ON v TO pg_monitor; COMMENT ON VIEW v IS 'other'"]),
        ("views_on_views", &["CREATE VIEW w AS SELECT * FROM v; DROP VIEW w; DROP VIEW v; CREATE VIEW v AS SELECT id FROM t; CREATE VIEW w AS SELECT * FROM v"]),
        ("view_by_table", &["DROP VIEW v; CREATE TABLE v (id int)"]),
        ("view_by_materialized", &["DROP VIEW v; CREATE MATERIALIZED VIEW v AS SELECT id FROM t"]),
        ("materialized", &["DROP MATERIALIZED VIEW m; CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE INDEX m_a ON m (a)"]),
        ("table_by_materialized", &["DROP TABLE c; CREATE MATERIALIZED VIEW IF NOT EXISTS c AS SELECT a FROM t"]),
        ("trigger", &["DROP TRIGGER g ON t; CREATE TRIGGER g AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch()"]),
        ("function_and_trigger", &["DROP TRIGGER g ON t; DROP FUNCTION touch(); CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.a := 1; RETURN new; END $$; CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION touch()"]),
        ("policy", &["DROP POLICY own ON p; CREATE POLICY own ON p USING (n > 1)"]),
        ("function", &["DROP FUNCTION IF EXISTS f(int); CREATE OR REPLACE FUNCTION f(int) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$"]),
        ("column", &["ALTER TABLE t DROP COLUMN s, ADD COLUMN s int"]),
        ("column_filled", &["ALTER TABLE t DROP COLUMN s; ALTER TABLE t ADD COLUMN s text; UPDATE t SET s = 'x'; ALTER TABLE t ALTER s SET NOT NULL"]),
        ("foreign_key", &["ALTER TABLE c DROP CONSTRAINT c_fk; ALTER TABLE c ADD CONSTRAINT c_fk FOREIGN KEY (p_id) REFERENCES p (id) ON DELETE CASCADE"]),
        ("check", &["ALTER TABLE t DROP CONSTRAINT t_q_check, ADD CONSTRAINT t_q_check CHECK (q >= -1), ADD COLUMN zz int"]),
        ("primary_key", &["ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY (id, d)"]),
        ("table", &["DROP TABLE c; CREATE TABLE c (x int PRIMARY KEY); INSERT INTO c VALUES (1); CREATE INDEX ON c (x)"]),
        ("table_renamed_away", &["ALTER TABLE c RENAME TO c_old; CREATE TABLE c (id int PRIMARY KEY, z text); INSERT INTO c SELECT id, 'z' FROM c_old"]),
        ("domain", &["DROP DOMAIN word; CREATE DOMAIN word AS varchar(9)"]),
        ("sequence", &["DROP SEQUENCE tickets; CREATE SEQUENCE tickets START 5"]),
        ("enum", &["ALTER TABLE moods ALTER mood DROP DEFAULT; ALTER TYPE mood RENAME TO mood_old; CREATE TYPE mood AS ENUM ('glad', 'sad', 'calm'); ALTER TABLE moods ALTER mood TYPE mood USING mood::text::mood; ALTER TABLE moods ALTER mood SET DEFAULT 'calm'; DROP TYPE mood_old"]),
        ("view_through_a_type", &["DROP VIEW v; ALTER TABLE t ALTER b TYPE varchar(20); CREATE VIEW v AS SELECT id, b FROM t; GRANT SELECT ON v TO pg_monitor"]),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_two_revisions() {
    end_as_psql_does(&[
        ("function", &["DROP FUNCTION f(int)", "CREATE FUNCTION f(int) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$"]),
        ("view", &["DROP VIEW v", "CREATE VIEW v AS SELECT b FROM t"]),
        (
            "trigger",
            &["DROP TRIGGER g ON t", "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch()"],
        ),
        ("rights", &["REVOKE ALL ON t FROM pg_monitor", "GRANT SELECT ON t TO pg_monitor"]),
        (
            "foreign_key",
            &[
                "ALTER TABLE c DROP CONSTRAINT c_fk",
                "ALTER TABLE c ADD CONSTRAINT c_fk FOREIGN KEY (p_id) REFERENCES p (id) ON DELETE CASCADE",
            ],
        ),
        ("type", &["CREATE TYPE size AS ENUM ('a')", "DROP TYPE size; CREATE TYPE size AS ENUM ('a', 'b')"]),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_beside_the_schema() {
    end_as_psql_does(&[
        ("default_then_update", &["ALTER TABLE t ADD COLUMN n int NOT NULL DEFAULT 0; UPDATE t SET n = a * 2"]),
        ("default_then_update_of_some", &["ALTER TABLE t ADD COLUMN n int NOT NULL DEFAULT 0; UPDATE t SET n = a * 2 WHERE n = 0"]),
        ("default_then_update_from", &["ALTER TABLE t ADD COLUMN n int DEFAULT 7; UPDATE t SET n = p.n FROM p WHERE p.id = t.id"]),
        ("default_then_update_of_none", &["ALTER TABLE t ADD COLUMN n int DEFAULT 7; UPDATE t SET n = 3 WHERE n IS NULL"]),
        ("two_updates", &["ALTER TABLE t ADD COLUMN n int; UPDATE t SET n = a; UPDATE t SET n = 5 WHERE n > 5"]),
        ("fill_then_default", &["ALTER TABLE t ADD COLUMN n int; UPDATE t SET n = 4; ALTER TABLE t ALTER n SET NOT NULL; ALTER TABLE t ALTER n SET DEFAULT 9"]),
        ("trigger_off", &["ALTER TABLE log DISABLE TRIGGER u; UPDATE log SET y = x + 1; ALTER TABLE log ENABLE TRIGGER u"]),
        ("check_gone", &["ALTER TABLE t DROP CONSTRAINT t_q_check; UPDATE t SET q = -1 WHERE q = 0"]),
        ("archive", &["CREATE TABLE arch (id bigint PRIMARY KEY, b text); INSERT INTO arch SELECT id, b FROM t WHERE d ON CONFLICT DO NOTHING; DELETE FROM t WHERE d"]),
        ("mended_then_typed", &["UPDATE t SET s = '0' WHERE s = '2'; ALTER TABLE t ALTER s TYPE int USING s::int"]),
        ("renamed_table", &["UPDATE t SET a = 5 WHERE d; ALTER TABLE t RENAME TO u"]),
        ("written_then_renamed", &["ALTER TABLE t ADD COLUMN n int; UPDATE t SET n = a; ALTER TABLE t RENAME TO u"]),
        ("renamed_then_written", &["ALTER TABLE t RENAME TO u; UPDATE u SET a = 5 WHERE d; ALTER TABLE u ALTER a SET NOT NULL; CREATE INDEX ui ON u (b)"]),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_forms() {
    end_as_psql_does(&[
        ("rights", &["REVOKE ALL ON t FROM pg_monitor; GRANT SELECT ON t TO pg_monitor"]),
        ("null", &["ALTER TABLE t ALTER a SET NOT NULL; ALTER TABLE t ALTER a DROP NOT NULL"]),
        ("renamed_index", &["CREATE INDEX i1 ON t (b); DROP INDEX t_a; ALTER INDEX i1 RENAME TO t_a"]),
        ("index_concurrently", &["CREATE INDEX CONCURRENTLY t_a_new ON t (a, b); DROP INDEX t_a; ALTER INDEX t_a_new RENAME TO t_a"]),
        ("attached_index", &["CREATE INDEX i ON ONLY ev (id); CREATE INDEX CONCURRENTLY e1 ON ev1 (id); CREATE INDEX CONCURRENTLY e2 ON ev2 (id); ALTER INDEX i ATTACH PARTITION e1; ALTER INDEX i ATTACH PARTITION e2"]),
        ("index_that_a_partition_has", &["CREATE INDEX ev_kind ON ev (kind)"]),
        ("key_then_foreign_key", &["CREATE UNIQUE INDEX p_n ON p (n); ALTER TABLE c ADD CONSTRAINT cn FOREIGN KEY (p_id) REFERENCES p (n)"]),
        ("like_after_drop", &["ALTER TABLE t DROP COLUMN s; CREATE TABLE k (LIKE t INCLUDING ALL)"]),
        ("like_after_demands", &["ALTER TABLE t ALTER a SET NOT NULL; ALTER TABLE t ADD CHECK (a > -1); CREATE TABLE k (LIKE t INCLUDING ALL)"]),
        ("constraint_on_new_name", &["ALTER TABLE t RENAME COLUMN q TO qty; ALTER TABLE t ADD CONSTRAINT qc CHECK (qty < 100)"]),
        ("unique_on_new_name", &["ALTER TABLE c RENAME COLUMN p_id TO pid; ALTER TABLE c ADD CONSTRAINT cu UNIQUE (pid)"]),
        ("null_on_new_name", &["ALTER TABLE t RENAME COLUMN q TO qty; ALTER TABLE t ALTER qty SET NOT NULL"]),
        ("brackets", &["ALTER TABLE t ADD COLUMN x timestamp DEFAULT ('2020-01-01 00:00+00'::timestamptz AT TIME ZONE 'utc'), ADD COLUMN y boolean DEFAULT (true OR false), ADD COLUMN z boolean DEFAULT (NOT false)"]),
        ("key_and_its_column", &["ALTER TABLE c DROP CONSTRAINT c_pkey; ALTER TABLE c DROP COLUMN id"]),
        ("block_between", &["ALTER TABLE t DROP COLUMN s; DO $$ BEGIN ALTER TABLE t ADD COLUMN s int; END $$"]),
    ])
    .await;
}
