//! Statements that change rows end as psql would have ended them: row by row, as text, on a copy of
//! the database.

use crate::fixture::{Said, bare, said};
use crate::lifecycle::as_psql;
use concertina_sandbox::Postgres;
use tempfile::TempDir;
use tokio_postgres::Client;

/// A server on which each case has two copies of its database.
pub(crate) struct Oracle {
    pub(crate) server: Postgres,
    cases: u32,
}

/// A case's database for the command, and its folder.
pub(crate) struct Trial {
    pub(crate) url: String,
    pub(crate) client: Client,
    pub(crate) folder: TempDir,
}

impl Trial {
    pub(crate) fn run(&self, words: &[&str]) -> Said {
        let mut command = bare(self.folder.path(), words);
        command.env("DATABASE_URL", &self.url);
        said(&command.output().unwrap())
    }

    pub(crate) async fn value<T: for<'a> tokio_postgres::types::FromSql<'a>>(
        &self,
        sql: &str,
    ) -> T {
        self.client.query_one(sql, &[]).await.unwrap().get(0)
    }
}

impl Oracle {
    pub(crate) async fn new() -> Oracle {
        Oracle {
            server: Postgres::start(&[("fsync", "off")]).await.unwrap(),
            cases: 0,
        }
    }

    async fn database(&self, name: &str, setup: &str) -> Client {
        self.server.create_database(name, None).await.unwrap();
        let client = self.server.connect(name).await.unwrap();
        client
            .batch_execute(setup)
            .await
            .unwrap_or_else(|error| panic!("{error:?}: {setup}"));
        client
    }

    pub(crate) async fn trial(&mut self, setup: &str, revision: &str) -> Trial {
        self.cases += 1;
        let name = format!("trial{}", self.cases);
        let client = self.database(&name, setup).await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("revisions")).unwrap();
        std::fs::write(folder.path().join("revisions/001_change.sql"), revision).unwrap();
        Trial {
            url: self.server.url(&name),
            client,
            folder,
        }
    }

    /// What psql makes of it.
    async fn wanted(&self, setup: &str, revision: &str) -> String {
        let name = format!("psql{}", self.cases);
        let client = self.database(&name, setup).await;
        as_psql(&client, revision)
            .await
            .unwrap_or_else(|error| panic!("{error:?}: {revision}"));
        rows(&client).await
    }

    /// The command and psql end with the same rows.
    pub(crate) async fn same(&mut self, setup: &str, revision: &str) {
        let trial = self.trial(setup, revision).await;
        let wanted = self.wanted(setup, revision).await;
        let done = trial.run(&["upgrade", "--contract"]);
        assert_eq!(done.code, 0, "{revision}\n{}\n{}", done.out, done.err);
        let told = format!("{revision}\n{}\n{}", done.out, done.err);
        differ(&rows(&trial.client).await, &wanted, &told);
        left_nothing(&trial).await;
        // And by psql, from the script.
        self.cases += 1;
        let name = format!("script{}", self.cases);
        let client = self.database(&name, setup).await;
        let mut command = bare(trial.folder.path(), &["upgrade", "--sql", "--contract"]);
        command.env("DATABASE_URL", self.server.url(&name));
        let script = said(&command.output().unwrap()).ends(0).out;
        self.server
            .psql(&name, &script)
            .unwrap_or_else(|error| panic!("{error}\n{script}"));
        differ(&rows(&client).await, &wanted, revision);
    }
}

/// No table or function of ours is left but our records.
async fn left_nothing(trial: &Trial) {
    let sql = "SELECT count(*) FROM pg_class WHERE relnamespace = 'concertina'::regnamespace AND relname LIKE 'list\\_%'";
    assert_eq!(trial.value::<i64>(sql).await, 0, "a list is left");
    let sql = "SELECT count(*) FROM pg_proc WHERE pronamespace = 'concertina'::regnamespace";
    assert_eq!(trial.value::<i64>(sql).await, 0, "a function is left");
}

#[track_caller]
fn differ(got: &str, wanted: &str, revision: &str) {
    if got != wanted {
        let mut lines = got
            .lines()
            .zip(wanted.lines())
            .filter(|(got, wanted)| got != wanted);
        let first = lines.next();
        panic!(
            "{revision}\n{} lines, wanted {}; the first that differs: {first:?}",
            got.lines().count(),
            wanted.lines().count()
        );
    }
}

/// Every row of every table as text, and the position of every sequence.
pub(crate) async fn rows(client: &Client) -> String {
    let tables =
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname = 'public' ORDER BY 1";
    let mut all = Vec::new();
    for row in client.query(tables, &[]).await.unwrap() {
        let name: String = row.get(0);
        let columns = format!(
            "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attname) FROM pg_attribute
             WHERE attrelid = '{name}'::regclass AND attnum > 0 AND NOT attisdropped"
        );
        let columns: String = client.query_one(&columns, &[]).await.unwrap().get(0);
        let sql = format!(
            "SELECT coalesce(string_agg(line, E'\\n' ORDER BY line), '') FROM (SELECT ROW({columns})::text AS line FROM ONLY {name}) AS all_of_it"
        );
        let lines: String = client.query_one(&sql, &[]).await.unwrap().get(0);
        all.push(format!("{name} ({columns})\n{lines}"));
    }
    let sequences = "SELECT coalesce(string_agg(schemaname || '.' || sequencename || ' ' || coalesce(last_value::text, '-'), E'\\n' ORDER BY 1), '')
        FROM pg_sequences WHERE schemaname = 'public'";
    all.push(client.query_one(sequences, &[]).await.unwrap().get(0));
    all.join("\n")
}

/// Some 2,000 rows on more blocks than a small table has.
pub(crate) const T: &str = "CREATE TABLE t (id bigint PRIMARY KEY, bal int, kind text, a int, b int, n int NOT NULL DEFAULT 0) WITH (fillfactor = 10);
    INSERT INTO t SELECT g, g % 1000, 'k' || g % 7, CASE WHEN g % 5 > 0 THEN g % 11 END, g % 13 FROM generate_series(1, 3000) g;
    ANALYZE t;";

/// Two tables, the first of which is a large source.
const COPY: &str = "CREATE TABLE big (id bigint PRIMARY KEY, word text, at date) WITH (fillfactor = 10);
    INSERT INTO big SELECT g, repeat('w', 100) || g % 50, date '2026-01-01' + (g % 90)::int FROM generate_series(1, 8000) g;
    CREATE TABLE target (id bigserial PRIMARY KEY, big_id bigint, word text, at date);
    INSERT INTO target (big_id, word) SELECT g, 'old' FROM generate_series(1, 100) g;
    ANALYZE;";

#[tokio::test(flavor = "multi_thread")]
async fn what_limits_or_counts_its_own_rows_is_one_moment() {
    let mut oracle = Oracle::new().await;
    for revision in [
        "DELETE FROM t WHERE id IN (SELECT id FROM t ORDER BY id LIMIT 100);",
        "DELETE FROM t WHERE bal < (SELECT avg(bal) FROM t);",
        "DELETE FROM t USING (SELECT kind, max(id) AS last FROM t GROUP BY kind) m WHERE m.kind = t.kind AND t.id < m.last;",
        "WITH few AS (SELECT id FROM t ORDER BY bal, id LIMIT 50) UPDATE t SET b = -1 WHERE id IN (SELECT id FROM few);",
        "UPDATE t SET bal = (SELECT max(o.bal) FROM t o WHERE o.kind = t.kind);",
        "UPDATE t SET n = p.place FROM (SELECT id, row_number() OVER (ORDER BY bal DESC, id) AS place FROM t) p WHERE p.id = t.id;",
        "DELETE FROM t x WHERE EXISTS (SELECT FROM t y WHERE y.kind = x.kind AND y.bal = x.bal AND y.id < x.id);",
        "CREATE VIEW v AS SELECT * FROM t; UPDATE t SET b = (SELECT count(*) FROM v WHERE v.a = t.a);",
        "UPDATE t SET a = 0 WHERE id IN (SELECT id FROM t ORDER BY bal DESC, id LIMIT 100 OFFSET 50);",
        "DELETE FROM t WHERE ctid = ANY (ARRAY(SELECT ctid FROM t ORDER BY id LIMIT 100));",
        "DELETE FROM t WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY kind ORDER BY id) AS place FROM t) p WHERE place > 3);",
        "DELETE FROM t WHERE (SELECT count(*) FROM t o WHERE o.kind = t.kind) > 428;",
        "DELETE FROM t WHERE id NOT IN (SELECT max(id) FROM t GROUP BY bal);",
        "WITH m AS (SELECT avg(bal) AS v FROM t) UPDATE t SET bal = m.v FROM m WHERE t.bal < m.v;",
        "CREATE FUNCTION most() RETURNS bigint STABLE LANGUAGE sql AS 'SELECT count(*) FROM t'; DELETE FROM t WHERE id > most() - 500;",
    ] {
        oracle.same(T, revision).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_made_of_the_old_one_is_made_once() {
    let mut oracle = Oracle::new().await;
    for revision in [
        "UPDATE t SET n = n + 1;",
        "UPDATE t SET a = b, b = a;",
        "UPDATE t SET (a, b) = (b, a) WHERE bal > 10;",
        "UPDATE t SET id = -id, kind = kind || '!' WHERE id % 2 = 0;",
        "UPDATE ONLY t SET bal = bal * 2 WHERE kind = 'k1' OR kind IS NULL;",
        "UPDATE t SET n = DEFAULT, bal = bal - 1;",
    ] {
        oracle.same(T, revision).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_default_is_no_sign_that_a_row_is_done() {
    let mut oracle = Oracle::new().await;
    for revision in [
        "ALTER TABLE t ADD COLUMN c int NOT NULL DEFAULT 0; UPDATE t SET c = bal * 2;",
        "ALTER TABLE t ADD COLUMN c int DEFAULT 0; UPDATE t SET c = bal * 2 WHERE c = 0;",
        "ALTER TABLE t ADD COLUMN c int NOT NULL DEFAULT 0; UPDATE t SET c = o.id FROM t o WHERE o.id = t.bal;",
        "ALTER TABLE t ADD COLUMN c int DEFAULT 7; UPDATE t SET c = 5 WHERE c IS NULL;",
        "ALTER TABLE t ADD COLUMN c text; UPDATE t SET c = 'x'; UPDATE t SET c = 'y' WHERE kind = 'k2';",
        "ALTER TABLE t ADD COLUMN c text; UPDATE t SET c = kind WHERE a > 3; UPDATE t SET c = 'none' WHERE a <= 3;",
        "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = a * 2; UPDATE t SET a = 9 WHERE a IS NULL;",
        "ALTER TABLE t ADD COLUMN c bigserial; UPDATE t SET c = c + 100000;",
        "ALTER TABLE t ADD COLUMN c int; DELETE FROM t WHERE c IS NULL AND bal < 500; UPDATE t SET c = 1;",
        "CREATE DOMAIN seven AS int DEFAULT 7; ALTER TABLE t ADD COLUMN c seven; UPDATE t SET c = bal;",
        "ALTER TABLE t ADD COLUMN c int DEFAULT 5; UPDATE t SET c = NULL WHERE bal = 1;",
        "ALTER TABLE t ADD COLUMN c int; ALTER TABLE t ALTER c SET DEFAULT 3; UPDATE t SET c = a;",
        "ALTER TABLE t ADD COLUMN c int DEFAULT 5; UPDATE t SET c = 1; UPDATE t SET c = DEFAULT WHERE bal < 100;",
        "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = a; UPDATE t SET c = b WHERE c IS NULL; ALTER TABLE t ALTER c SET NOT NULL;",
        "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = a; UPDATE t SET c = NULL WHERE c > 5;",
    ] {
        oracle.same(T, revision).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_rows_are_those_of_one_moment() {
    let mut oracle = Oracle::new().await;
    for revision in [
        "INSERT INTO target (big_id, word) SELECT s.id, s.word FROM big s WHERE NOT EXISTS (SELECT 1 FROM target o WHERE o.word = s.word) ORDER BY s.id;",
        "INSERT INTO target (big_id, at) SELECT max(id), at FROM big GROUP BY at ORDER BY 2;",
        "INSERT INTO target (big_id, word) SELECT DISTINCT ON (word) id, word FROM big ORDER BY word, id DESC;",
        "INSERT INTO target (big_id, word) SELECT id, word FROM big WHERE id < 50 UNION ALL SELECT big_id, word FROM target ORDER BY 1, 2;",
        "CREATE UNIQUE INDEX ON target (big_id); INSERT INTO target (big_id, word) SELECT id % 300, word FROM big ORDER BY id ON CONFLICT (big_id) DO NOTHING;",
        "INSERT INTO big SELECT id + 100000, word, at FROM big WHERE id % 3 = 0;",
        "INSERT INTO target SELECT * FROM big ON CONFLICT DO NOTHING;",
        "WITH last AS (SELECT * FROM big ORDER BY id DESC LIMIT 3000) INSERT INTO target (big_id, word, at) SELECT * FROM last;",
        "CREATE TABLE words (word text PRIMARY KEY, id bigint); INSERT INTO words (word, id) SELECT word, id FROM big ON CONFLICT (word) DO NOTHING;",
    ] {
        let named = revision
            .replace("SELECT * FROM last", "SELECT id, word, at FROM last")
            .replace(
                "INSERT INTO target SELECT * FROM big",
                "INSERT INTO target (id, word, at) SELECT id, word, at FROM big",
            );
        oracle.same(COPY, &named).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_that_is_selected_is_written_where_a_trigger_looks() {
    let mut oracle = Oracle::new().await;
    let stamped = format!(
        "{T} ALTER TABLE t ADD COLUMN version int NOT NULL DEFAULT 1;
         CREATE TABLE log (number bigserial, id bigint, bal int);
         CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.version := old.version + 1; RETURN new; END';
         CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log (id, bal) VALUES (old.id, old.bal); RETURN NULL; END';
         CREATE TRIGGER stamp BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION stamp();
         CREATE TRIGGER note AFTER UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION note();"
    );
    for revision in [
        "UPDATE t SET b = 5;",
        "UPDATE t SET kind = lower(kind) WHERE bal > 100;",
        "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = a;",
        "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = 1 WHERE c IS NULL;",
        "DELETE FROM t WHERE bal % 10 = 0;",
    ] {
        oracle.same(&stamped, revision).await;
    }
    let counted = format!(
        "{T} CREATE TABLE log (number bigserial); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log DEFAULT VALUES; RETURN NULL; END';
         CREATE TRIGGER once AFTER UPDATE ON t FOR EACH STATEMENT EXECUTE FUNCTION note();"
    );
    let trial = oracle.trial(&counted, "UPDATE t SET b = 5;").await;
    trial
        .run(&["upgrade"])
        .ends(1)
        .says("C108")
        .says("triggers per batch");
    assert_eq!(trial.value::<i64>("SELECT count(*) FROM log").await, 0);
    let trial = oracle
        .trial(
            &counted,
            "-- concertina: triggers per batch\nUPDATE t SET b = 5;",
        )
        .await;
    trial.run(&["upgrade"]).ends(0);
    assert_eq!(
        trial
            .value::<i64>("SELECT count(*) FROM t WHERE b <> 5")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_along_and_what_is_rewritten_is_met_like_triggers() {
    let mut oracle = Oracle::new().await;
    let pointing = format!(
        "{T} CREATE TABLE c (id bigint PRIMARY KEY, t bigint REFERENCES t ON DELETE CASCADE ON UPDATE CASCADE);
         INSERT INTO c SELECT g, g FROM generate_series(1, 3000) g; CREATE INDEX ON c (t);
         CREATE TABLE log (number bigserial, id bigint);
         CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log (id) VALUES (old.id); RETURN NULL; END';
         CREATE FUNCTION once() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO log DEFAULT VALUES; RETURN NULL; END';"
    );
    let noted = format!(
        "{pointing} CREATE TRIGGER note AFTER DELETE OR UPDATE ON c FOR EACH ROW EXECUTE FUNCTION note();"
    );
    for revision in [
        "DELETE FROM t WHERE bal < 100;",
        "UPDATE t SET id = id + 100000 WHERE bal < 100;",
    ] {
        oracle.same(&noted, revision).await;
    }
    let counted = format!(
        "{pointing} CREATE TRIGGER once AFTER DELETE ON c FOR EACH STATEMENT EXECUTE FUNCTION once();"
    );
    let ruled = format!(
        "{pointing} CREATE RULE r AS ON UPDATE TO t DO ALSO INSERT INTO log (id) VALUES (old.id);"
    );
    for (setup, revision, said) in [
        (&counted, "DELETE FROM t WHERE bal < 100;", "once"),
        (&ruled, "UPDATE t SET a = 5;", "rule r of t"),
        (
            &pointing,
            "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING; DELETE FROM t WHERE bal < 100;",
            "rule r",
        ),
    ] {
        let trial = oracle.trial(setup, revision).await;
        trial.run(&["upgrade"]).ends(1).says("C108").says(said);
        assert_eq!(trial.value::<i64>("SELECT count(*) FROM log").await, 0);
        assert_eq!(trial.value::<i64>("SELECT count(*) FROM t").await, 3_000);
    }
    // What is for other columns, or for a table that is written to all the same.
    oracle.same(&ruled, "DELETE FROM t WHERE bal < 100;").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_keyed_by_what_is_there_at_its_place() {
    let mut oracle = Oracle::new().await;
    for revision in [
        "ALTER TABLE t RENAME COLUMN id TO ident; UPDATE t SET n = n + 1;",
        "UPDATE t SET bal = 5 WHERE id > 3; ALTER TABLE t RENAME TO u; UPDATE u SET bal = bal + 1;",
        "UPDATE t SET n = n + 1; ALTER TABLE t DROP CONSTRAINT t_pkey;",
        "ALTER TABLE t ALTER id TYPE numeric; UPDATE t SET n = n + 1;",
    ] {
        oracle.same(T, revision).await;
    }
    oracle
        .same(
            &T.replace("PRIMARY KEY", "NOT NULL"),
            "ALTER TABLE t ADD PRIMARY KEY (id); UPDATE t SET n = n + 1;",
        )
        .await;
    let trial = oracle
        .trial(T, "-- concertina: key (kind)\nUPDATE t SET n = n + 1;")
        .await;
    trial
        .run(&["upgrade"])
        .ends(1)
        .says("C108")
        .says("no unique index is over them");
    assert_eq!(trial.value::<i64>("SELECT sum(n) FROM t").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_target_is_its_rows_and_not_its_name() {
    let mut oracle = Oracle::new().await;
    let parts =
        "CREATE TABLE p (id bigint, at int, v int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10) WITH (fillfactor = 10);
        CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (100) WITH (fillfactor = 10);
        INSERT INTO p SELECT g, g % 20, g % 7 FROM generate_series(1, 5000) g; ANALYZE;";
    for revision in [
        "UPDATE p SET v = (SELECT sum(p1.v) FROM p1 WHERE p1.at = p.at - 10);",
        "UPDATE p1 SET v = (SELECT count(*) FROM p WHERE p.v = p1.v);",
        "UPDATE p SET at = at + 10 WHERE at < 10 AND v = 3;",
        "DELETE FROM p USING p2 WHERE p2.at = p.at + 10 AND p2.v = p.v AND p2.id < p.id;",
    ] {
        oracle.same(parts, revision).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_statement_waits_for_longer_ones_before_it() {
    let mut oracle = Oracle::new().await;
    let few = format!(
        "{T} CREATE TABLE few (id int PRIMARY KEY, v int); INSERT INTO few SELECT g, g FROM generate_series(1, 200) g;"
    );
    for revision in [
        "DELETE FROM t WHERE NOT EXISTS (SELECT 1 FROM few WHERE few.id = t.a); DELETE FROM few WHERE id IN (SELECT id FROM few ORDER BY id LIMIT 9);",
        "UPDATE t SET b = few.v FROM few WHERE few.id = t.id; UPDATE few SET v = v + 1;",
        "UPDATE t SET b = 3 WHERE a = 2; UPDATE few SET v = (SELECT count(*) FROM t WHERE t.b = 3) WHERE id < (SELECT avg(id) FROM few);",
        "UPDATE few SET v = 7 WHERE id < 5; ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = (SELECT sum(v) FROM few);",
    ] {
        oracle.same(&few, revision).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_is_not_the_same() {
    let mut oracle = Oracle::new().await;
    let values = "CREATE COLLATION shout (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        CREATE TABLE q (id int PRIMARY KEY, a numeric, b numeric, f float8, i interval, j json, x xml, p point, js json[], w text COLLATE shout, jb jsonb) WITH (fillfactor = 10);
        INSERT INTO q SELECT g, 1.5, 1.50, CASE WHEN g % 2 = 0 THEN '-0' ELSE '0' END::float8, '24:00', '{\"a\": 1}', '<a/>', point(1, 2), ARRAY['{}'::json], 'bob', '1.0'
            FROM generate_series(1, 3000) g; ANALYZE;";
    for revision in [
        "UPDATE q SET a = b;",
        "UPDATE q SET f = 0;",
        "UPDATE q SET i = '1 day';",
        "UPDATE q SET j = '{\"a\":1}', x = '<a></a>', p = point(2, 1), js = ARRAY['[]'::json];",
        "UPDATE q SET w = 'BOB', jb = '1.00' WHERE id > 5;",
    ] {
        oracle.same(values, revision).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_without_a_key_says_which_would_do() {
    let mut oracle = Oracle::new().await;
    let bare = T.replace("bigint PRIMARY KEY", "bigint UNIQUE");
    let trial = oracle.trial(&bare, "UPDATE t SET n = n + 1;").await;
    trial
        .run(&["check"])
        .ends(2)
        .says("C108")
        .says("t_id_key is unique: ALTER TABLE public.t ALTER COLUMN id SET NOT NULL");
    trial.run(&["upgrade"]).ends(1).says("C108");
    assert_eq!(trial.value::<i64>("SELECT sum(n) FROM t").await, 0);
}
