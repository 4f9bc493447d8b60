//! A later statement is asked about the rows that the earlier ones leave: what they mend is no
//! obstacle, and what they don't is found before the first change.

use crate::rows::{Oracle, rows};

const SETUP: &str = "CREATE TABLE t (id int PRIMARY KEY, a int, b text, e text);
    INSERT INTO t SELECT g, nullif(g % 7, 0), CASE WHEN g % 50 = 0 THEN 'x' ELSE g::text END, 'e' || (g % 2900) FROM generate_series(1, 3000) g;
    CREATE TABLE p (id int PRIMARY KEY, v int); INSERT INTO p SELECT g, g FROM generate_series(0, 5) g; ANALYZE;";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_mended_first_is_no_obstacle() {
    let mut oracle = Oracle::new().await;
    for revision in [
        "DELETE FROM t WHERE id NOT IN (SELECT min(id) FROM t GROUP BY e); ALTER TABLE t ADD UNIQUE (e);",
        "DELETE FROM t x USING t y WHERE x.e = y.e AND x.id > y.id; CREATE UNIQUE INDEX u ON t (e);",
        "UPDATE t SET e = e || '_' || id WHERE id > 2900; ALTER TABLE t ADD CONSTRAINT u UNIQUE (e);",
        "DELETE FROM t WHERE a NOT IN (SELECT id FROM p); ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p;",
        "UPDATE t SET a = NULL WHERE NOT EXISTS (SELECT FROM p WHERE p.id = t.a); ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p;",
        "INSERT INTO p VALUES (6); ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p;",
        "UPDATE t SET a = 0 WHERE id > 5; INSERT INTO p VALUES (6); ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p;",
        "INSERT INTO p (id) SELECT DISTINCT a FROM t WHERE a IS NOT NULL ON CONFLICT DO NOTHING; ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p;",
        "DELETE FROM t WHERE a IS NULL; ALTER TABLE t ALTER a SET NOT NULL;",
        "UPDATE t SET a = p.id FROM p WHERE p.v = 3 AND t.a IS NULL; ALTER TABLE t ALTER a SET NOT NULL;",
        "UPDATE t SET a = p.id FROM p WHERE p.id = t.id % 6; ALTER TABLE t ALTER a SET NOT NULL;",
        "UPDATE t SET a = 5 WHERE a > 5; ALTER TABLE t ADD CHECK (a <= 5);",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a <= 5) NOT VALID; DELETE FROM t WHERE a > 5; ALTER TABLE t VALIDATE CONSTRAINT c;",
        "UPDATE t SET a = 1 WHERE a IS NULL; ALTER TABLE t RENAME a TO w; ALTER TABLE t ALTER w SET NOT NULL;",
        "ALTER TABLE t RENAME TO u; DELETE FROM u WHERE a IS NULL; ALTER TABLE u ALTER a SET NOT NULL;",
        "ALTER TABLE t ADD COLUMN c int DEFAULT 7; UPDATE t SET c = a WHERE a > 2; ALTER TABLE t ALTER c SET NOT NULL;",
        "CREATE FUNCTION other(v int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT coalesce(v, 0)'; UPDATE t SET a = other(a); ALTER TABLE t ALTER a SET NOT NULL;",
    ] {
        oracle.same(SETUP, revision).await;
    }
    // Another type: the column stands elsewhere, so the values are compared alone.
    for revision in [
        "UPDATE t SET b = '0' WHERE b = 'x'; ALTER TABLE t ALTER b TYPE int USING b::int;",
        "DELETE FROM t WHERE b = 'x'; ALTER TABLE t ALTER b TYPE int USING b::int;",
        "UPDATE t SET a = 0 WHERE a IS NULL; ALTER TABLE t ALTER a TYPE bigint; ALTER TABLE t ALTER a SET NOT NULL;",
    ] {
        oracle.same(SETUP, revision).await;
    }
}

const NOT_FIXED: [(&str, &str); 14] = [
    (
        "UPDATE t SET a = 0 WHERE a IS NULL AND id < 2000; ALTER TABLE t ALTER a SET NOT NULL;",
        "no row of t has NULL in a",
    ),
    (
        "UPDATE t SET a = 5 WHERE a > 5; ALTER TABLE t ADD CHECK (a < 5);",
        "id = 6",
    ),
    (
        "UPDATE t SET b = 'y' WHERE b = 'x'; ALTER TABLE t ALTER b TYPE int USING b::int;",
        "every value of t.b can become int",
    ),
    (
        "ALTER TABLE t ALTER a TYPE bigint; ALTER TABLE t ALTER a SET NOT NULL;",
        "no row of t has NULL in a",
    ),
    (
        "ALTER TABLE t ALTER a TYPE text; ALTER TABLE t ADD CHECK (a <> '3');",
        "id = 3",
    ),
    (
        "ALTER TABLE t ALTER a TYPE bigint; ALTER TABLE p ALTER id TYPE bigint; ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p;",
        "has its row in p",
    ),
    (
        "DELETE FROM p WHERE id = 3; ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p;",
        "every a of t has its row in p",
    ),
    (
        "DELETE FROM p WHERE id = 3; ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT t_a_fkey;",
        "obeys t_a_fkey",
    ),
    (
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a <= 5) NOT VALID; DELETE FROM t WHERE a > 6; ALTER TABLE t VALIDATE CONSTRAINT c;",
        "obeys c",
    ),
    (
        "UPDATE t SET a = 1 WHERE id < 10; ALTER TABLE t ADD UNIQUE (a);",
        "no two rows of t share",
    ),
    (
        "UPDATE t SET e = 'e1' WHERE id = 7; DELETE FROM t WHERE id > 2900; CREATE UNIQUE INDEX u ON t (e);",
        "e = e1",
    ),
    (
        "ALTER TABLE t RENAME a TO w; UPDATE t SET w = NULL WHERE w = 3; ALTER TABLE t ALTER w SET NOT NULL;",
        "no row of t has NULL in w",
    ),
    (
        "UPDATE t SET a = p.v FROM p WHERE p.id = t.a; ALTER TABLE t ADD CHECK (a IS NOT NULL AND a < 6);",
        "t_a_check",
    ),
    (
        "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = 1 WHERE id < 100; ALTER TABLE t ALTER c SET NOT NULL;",
        "NULL in c",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_mended_is_found_before_the_first_change() {
    let mut oracle = Oracle::new().await;
    for (revision, said) in NOT_FIXED {
        let trial = oracle.trial(SETUP, revision).await;
        let before = rows(&trial.client).await;
        let refused = trial.run(&["upgrade", "--contract"]);
        assert_eq!(
            refused.code, 2,
            "{revision}\n{}\n{}",
            refused.out, refused.err
        );
        refused.says("nothing was changed").says(said);
        assert_eq!(rows(&trial.client).await, before, "{revision}");
        // psql finds the same, if later.
        assert!(
            trial.client.batch_execute(revision).await.is_err(),
            "{revision}"
        );
    }
}
