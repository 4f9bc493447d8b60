//! What PostgreSQL wouldn't understand is refused before the first change, by `check` and `upgrade`
//! alike; and whoever writes while a revision is under way doesn't fail for what it computes.

use crate::rows::{Oracle, rows};

const SETUP: &str = "CREATE TABLE t (id int PRIMARY KEY, a int, b text, email text);
    INSERT INTO t SELECT g, g % 7, 'v' || g, 'E@' || g FROM generate_series(1, 3000) g;
    CREATE TABLE p (id int PRIMARY KEY, v text); INSERT INTO p SELECT g, 'p' || g FROM generate_series(0, 6) g; ANALYZE;";

const REFUSED: [(&str, &str); 20] = [
    (
        "ALTER TABLE t ADD COLUMN c text; UPDATE t SET c = lowr(b);",
        "function lowr(text) does not exist",
    ),
    (
        "UPDATE t SET a = email;",
        "column \"a\" is of type integer but expression is of type text",
    ),
    (
        "UPDATE t SET b = upper(b) WHERE email = 5;",
        "operator does not exist: text = integer",
    ),
    (
        "UPDATE public.t SET b = uper(b);",
        "function uper(text) does not exist",
    ),
    (
        "DELETE FROM t WHERE lenght(b) > 5;",
        "function lenght(text) does not exist",
    ),
    (
        "INSERT INTO p (id, v) SELECT id, lowr(b) FROM t WHERE id > 100;",
        "function lowr(text) does not exist",
    ),
    (
        "INSERT INTO p (id, v) VALUES ('x', 'y');",
        "invalid input syntax for type integer",
    ),
    (
        "ALTER TABLE t ALTER b SET DEFAULT lowr('x');",
        "function lowr(unknown) does not exist",
    ),
    (
        "ALTER TABLE t ADD CHECK (lenght(b) > 0);",
        "function lenght(text) does not exist",
    ),
    (
        "ALTER TABLE t ALTER a TYPE text USING to_txt(a)::text;",
        "function to_txt(integer) does not exist",
    ),
    (
        "ALTER TABLE t ADD CHECK (a >= 0); ALTER TABLE t ALTER a TYPE text;",
        "operator does not exist: text >= integer",
    ),
    (
        "-- concertina: reverse (b::int)\nALTER TABLE t ALTER a TYPE text USING to_txt(a);",
        "function to_txt(integer) does not exist",
    ),
    (
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE SCHEMA s; UPDATE t SET b = lowr(b);",
        "function lowr(text) does not exist",
    ),
    (
        "CREATE INDEX ON t (lowr(b));",
        "function lowr(text) does not exist",
    ),
    (
        "CREATE INDEX ON t ((b || now()));",
        "must be marked IMMUTABLE",
    ),
    (
        "ALTER TABLE t ADD COLUMN c int DEFAULT 'abc';",
        "invalid input syntax for type integer",
    ),
    (
        "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = p.v FROM p WHERE p.id = t.a;",
        "is of type integer",
    ),
    (
        "ALTER TABLE t RENAME b TO bb; UPDATE t SET a = lenght(bb);",
        "function lenght(text) does not exist",
    ),
    (
        "ALTER TABLE t RENAME TO u; ALTER TABLE u ADD COLUMN c text; UPDATE u SET c = uper(b);",
        "function uper(text) does not exist",
    ),
    (
        "WITH x AS (SELECT id FROM t WHERE a = 3) UPDATE t SET b = upr(b) FROM x WHERE x.id = t.id;",
        "function upr(text) does not exist",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_postgresql_refuses_is_refused_before_the_first_change() {
    let mut oracle = Oracle::new().await;
    for (revision, said) in REFUSED {
        let trial = oracle.trial(SETUP, revision).await;
        let before = rows(&trial.client).await;
        trial.run(&["check"]).ends(2).says(said);
        trial.run(&["upgrade", "--contract"]).ends(1).says(said);
        assert_eq!(rows(&trial.client).await, before, "{revision}");
        assert!(
            trial.client.batch_execute(revision).await.is_err(),
            "{revision}"
        );
    }
    // The caret stands where PostgreSQL's does.
    let trial = oracle
        .trial(
            SETUP,
            "ALTER TABLE t ADD COLUMN c text;\nUPDATE t SET c = 'ü' || lowr(b);",
        )
        .await;
    trial
        .run(&["upgrade"])
        .ends(1)
        .says("001_change.sql:2:25")
        .says("^^^^ PostgreSQL refuses it");
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_that_are_not_there_are_missed_before_the_first_change() {
    const FIRST: &str = "ALTER TABLE t ADD COLUMN c text DEFAULT 'x' NOT NULL;";
    let mut oracle = Oracle::new().await;
    for (statement, said) in [
        ("ALTER SEQUENCE no_s RESTART;", "\"no_s\" does not exist"),
        (
            "ALTER SEQUENCE public.no_s OWNED BY NONE;",
            "\"public.no_s\" does not exist",
        ),
        (
            "ALTER VIEW no_v SET (security_barrier = true);",
            "no table is called `no_v`",
        ),
        ("DROP EXTENSION no_e;", "extension \"no_e\" does not exist"),
        (
            "DROP STATISTICS no_st;",
            "statistics object \"no_st\" does not exist",
        ),
        (
            "DROP PUBLICATION no_p;",
            "publication \"no_p\" does not exist",
        ),
        ("COMMENT ON COLLATION no_c IS 'x';", "collation \"no_c\""),
        (
            "REVOKE USAGE ON TYPE no_t FROM PUBLIC;",
            "type \"no_t\" does not exist",
        ),
        (
            "ALTER DOMAIN no_d SET DEFAULT 1;",
            "type \"no_d\" does not exist",
        ),
    ] {
        let revision = format!("{FIRST} {statement}");
        let trial = oracle.trial(SETUP, &revision).await;
        trial.run(&["check"]).ends(2).says(said);
        trial.run(&["upgrade", "--contract"]).ends(1).says(said);
        assert!(
            !trial
                .value::<bool>("SELECT EXISTS (SELECT FROM pg_attribute WHERE attname = 'c')")
                .await,
            "{revision}"
        );
        assert!(
            trial.client.batch_execute(&revision).await.is_err(),
            "{revision}"
        );
    }
    // What the revision makes, drops or renames itself, and what need not be there.
    for revision in [
        "CREATE TABLE s (id serial PRIMARY KEY); ALTER SEQUENCE s_id_seq RESTART 10;",
        "CREATE SEQUENCE \"A.b\"; ALTER SEQUENCE \"A.b\" RENAME TO c; COMMENT ON SEQUENCE c IS 'x';",
        "CREATE VIEW v AS SELECT id FROM p; ALTER VIEW v RENAME TO w; ALTER VIEW w SET (security_barrier = true);",
        "CREATE TYPE mood AS (a int); ALTER TYPE mood RENAME TO mode; COMMENT ON TYPE mode IS 'x';",
        "CREATE DOMAIN d AS int; ALTER DOMAIN d SET DEFAULT 5; COMMENT ON DOMAIN d IS 'x';",
        "CREATE STATISTICS st ON a, b FROM t; ALTER STATISTICS st SET STATISTICS 10; DROP STATISTICS st;",
        "CREATE SCHEMA x; ALTER SCHEMA x RENAME TO y; COMMENT ON SCHEMA y IS 'x';",
        "DROP SEQUENCE IF EXISTS no_s; DROP EXTENSION IF EXISTS no_e; ALTER SEQUENCE IF EXISTS no_s RESTART;",
        "COMMENT ON TYPE t IS 'a row'; COMMENT ON TYPE int4 IS NULL; GRANT USAGE ON SCHEMA public TO PUBLIC;",
    ] {
        oracle.same(SETUP, revision).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_drawn_as_the_sequence_is_at_the_statement() {
    let mut oracle = Oracle::new().await;
    for revision in [
        "ALTER TABLE t ADD COLUMN n serial; ALTER SEQUENCE t_n_seq INCREMENT 2;",
        "CREATE SEQUENCE q START 7; ALTER TABLE t ADD COLUMN n int DEFAULT nextval('q'); ALTER SEQUENCE q INCREMENT 5;",
        "ALTER TABLE t ADD COLUMN n bigserial; ALTER SEQUENCE t_n_seq RESTART 90000 CACHE 3;",
        "ALTER TABLE t ADD COLUMN n int GENERATED BY DEFAULT AS IDENTITY; ALTER TABLE t ALTER n SET INCREMENT BY 3;",
        "ALTER TABLE t ADD COLUMN n serial; ALTER SEQUENCE t_n_seq RENAME TO numbers; ALTER SEQUENCE numbers INCREMENT 2;",
        "CREATE SEQUENCE q; UPDATE t SET a = nextval('q'); ALTER SEQUENCE q INCREMENT 5;",
        "CREATE TABLE n (id serial PRIMARY KEY, v text); INSERT INTO n (v) SELECT b FROM t; ALTER SEQUENCE n_id_seq INCREMENT 4;",
        "CREATE SEQUENCE q; ALTER TABLE p ALTER id SET DEFAULT nextval('q'); INSERT INTO p (id, v) SELECT nextval('q') + 100, b FROM t; ALTER SEQUENCE q INCREMENT 4 RESTART 9000;",
    ] {
        oracle.same(SETUP, revision).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_revision_makes_itself_is_understood() {
    let mut oracle = Oracle::new().await;
    for revision in [
        "CREATE FUNCTION f(v text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper(v)'; ALTER TABLE t ADD COLUMN c text; UPDATE t SET c = f(b);",
        "CREATE TYPE mood AS ENUM ('a', 'b'); ALTER TABLE t ADD COLUMN c mood; UPDATE t SET c = 'a' WHERE id > 5;",
        "CREATE TABLE q (id int PRIMARY KEY, w text); INSERT INTO q SELECT id, b FROM t; ALTER TABLE t ADD COLUMN c text; UPDATE t SET c = (SELECT w FROM q WHERE q.id = t.id);",
        "ALTER TABLE p RENAME TO parents; ALTER TABLE parents RENAME v TO w; UPDATE t SET b = w FROM parents WHERE parents.id = t.a;",
        "ALTER TABLE t ADD COLUMN c int GENERATED ALWAYS AS IDENTITY; ALTER TABLE t ADD COLUMN d bigint; UPDATE t SET d = c * 10;",
        "CREATE VIEW v AS SELECT id, v FROM p; UPDATE t SET b = v.v FROM v WHERE v.id = t.a AND t.id < 100;",
    ] {
        oracle.same(SETUP, revision).await;
    }
    // Files that build on each other are read together.
    let trial = oracle
        .trial(SETUP, "ALTER TABLE t ADD COLUMN c text;")
        .await;
    let second = trial.folder.path().join("revisions/002_next.sql");
    std::fs::write(
        &second,
        "-- revises: 001_change\nUPDATE t SET c = upper(b);",
    )
    .unwrap();
    trial.run(&["check"]).ends(0);
    std::fs::write(&second, "-- revises: 001_change\nUPDATE t SET c = uper(b);").unwrap();
    trial
        .run(&["check"])
        .ends(2)
        .says("function uper(text) does not exist");
    trial
        .run(&["upgrade", "--contract"])
        .ends(1)
        .says("002_next.sql:2:18");
    assert_eq!(
        trial
            .value::<i64>(
                "SELECT count(*) FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'c'"
            )
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_cannot_be_computed_are_found_before_the_first_change() {
    let mut oracle = Oracle::new().await;
    for (revision, said) in [
        (
            "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = 100 / a;",
            "id = 7",
        ),
        (
            "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = b::int;",
            "id = 1",
        ),
        (
            "UPDATE t SET a = 1000000000 * a WHERE id > 5;",
            "every value of t.a can be computed",
        ),
        (
            "UPDATE t SET a = 0 WHERE a = 1; ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = 100 / (a - 2);",
            "id = 2",
        ),
        (
            "UPDATE t SET b = to_char(p.v::int, '99') FROM p WHERE p.id = t.a;",
            "every value of t.b can be computed",
        ),
    ] {
        let trial = oracle.trial(SETUP, revision).await;
        let before = rows(&trial.client).await;
        trial
            .run(&["upgrade", "--contract"])
            .ends(2)
            .says("nothing was changed")
            .says(said);
        assert_eq!(rows(&trial.client).await, before, "{revision}");
        assert!(
            trial.client.batch_execute(revision).await.is_err(),
            "{revision}"
        );
    }
    for revision in [
        "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = 100 / a WHERE a > 0;",
        "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = 100 / nullif(a, 0);",
        "UPDATE t SET a = 1 WHERE a = 0; ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = 100 / a;",
        "DELETE FROM t WHERE a = 0; ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = 100 / a;",
        "UPDATE t SET b = substr(b, 2); ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = b::int;",
    ] {
        oracle.same(SETUP, revision).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_do_not_fail_for_what_a_trigger_of_ours_computes() {
    let mut oracle = Oracle::new().await;
    for (fill, late) in [
        (
            "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = 100 / a;",
            "(9001, 0, 'v'), (9002, 5, 'v')",
        ),
        (
            "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = substr(b, 2)::int;",
            "(9001, 1, 'vx'), (9002, 5, 'v20')",
        ),
        (
            "ALTER TABLE t ADD COLUMN c numeric; UPDATE t SET c = sqrt(a)::numeric;",
            "(9001, -1, 'v'), (9002, 4, 'v')",
        ),
    ] {
        let setup = format!("{SETUP} UPDATE t SET a = 4;");
        let trial = oracle.trial(&setup, fill).await;
        trial.run(&["upgrade"]).ends(3);
        let write = format!("INSERT INTO t (id, a, b) VALUES {late}");
        trial
            .client
            .batch_execute(&write)
            .await
            .unwrap_or_else(|error| panic!("{fill}: {error:?}"));
        assert!(
            trial
                .value::<bool>("SELECT c IS NOT NULL FROM t WHERE id = 9002")
                .await,
            "{fill}"
        );
        assert!(
            trial
                .value::<bool>("SELECT c IS NULL FROM t WHERE id = 9001")
                .await,
            "{fill}"
        );
        // Contract waits for the row, and says which.
        trial.run(&["contract"]).ends(1).says("id = 9001");
        trial
            .client
            .batch_execute("UPDATE t SET a = 4, b = 'v7' WHERE id = 9001")
            .await
            .unwrap();
        trial.run(&["contract"]).ends(0);
        assert!(
            trial
                .value::<bool>("SELECT bool_and(c IS NOT NULL) FROM t")
                .await,
            "{fill}"
        );
    }
}
