//! Copies follow their source until it goes, and what the application writes meanwhile is nowhere
//! lost; whoever writes what can't be carried over doesn't fail for it.

use crate::rows::{Oracle, Trial};
use std::time::Duration;

const OLD: &str = "CREATE TABLE old (id int PRIMARY KEY, a int, b text, n int);
    INSERT INTO old SELECT g, g % 7, 'v' || g, g FROM generate_series(1, 3000) g; ANALYZE;";

/// What the application writes between the copy and contract.
const MEANWHILE: &str = "INSERT INTO old VALUES (9001, 3, 'late', 1); UPDATE old SET b = 'changed' WHERE id = 1;
    DELETE FROM old WHERE id = 2; UPDATE old SET id = -3 WHERE id = 3; UPDATE old SET n = 0 WHERE id = 4;";

async fn text(trial: &Trial, sql: &str) -> String {
    trial
        .value(&format!(
            "SELECT string_agg(line::text, ' ' ORDER BY line::text) FROM ({sql}) AS line"
        ))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_to_a_table_that_goes_is_in_its_copy() {
    let mut oracle = Oracle::new().await;
    for (copy, wanted) in [
        (
            "CREATE TABLE new (id int PRIMARY KEY, b text); INSERT INTO new SELECT id, b FROM old; DROP TABLE old;",
            "(-3,v3) (1,changed) (4,v4) (9001,late)",
        ),
        (
            "CREATE TABLE new (b text, id int UNIQUE); INSERT INTO new (id, b) SELECT o.id, upper(o.b) FROM old o WHERE o.n > 0; DROP TABLE old;",
            "(CHANGED,1) (LATE,9001) (V3,-3)",
        ),
        (
            "CREATE TABLE new (id int PRIMARY KEY, b text); INSERT INTO new SELECT id, b FROM old; ALTER TABLE old DROP COLUMN b;",
            "(-3,v3) (1,changed) (4,v4) (9001,late)",
        ),
        (
            "CREATE TABLE new (LIKE old INCLUDING ALL); INSERT INTO new SELECT * FROM old; DROP TABLE old; ALTER TABLE new RENAME TO old;",
            "(-3,3,v3,3) (1,1,changed,1) (4,4,v4,0) (9001,3,late,1)",
        ),
    ] {
        let trial = oracle.trial(OLD, copy).await;
        trial.run(&["upgrade"]).ends(3);
        trial.client.batch_execute(MEANWHILE).await.unwrap();
        trial.run(&["contract"]).ends(0);
        let table = if copy.contains("RENAME") {
            "old"
        } else {
            "new"
        };
        let rows = text(
            &trial,
            &format!("SELECT * FROM {table} WHERE id IN (-3, 1, 2, 3, 4, 9001)"),
        )
        .await;
        assert_eq!(rows, wanted, "{copy}");
        let ours = "SELECT count(*) FROM pg_class WHERE relnamespace = 'concertina'::regnamespace AND relname LIKE 'zzz%'";
        assert_eq!(trial.value::<i64>(ours).await, 0, "{copy}");
        oracle.same(OLD, copy).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_a_copy_refuses_fails_nobody_and_keeps_contract() {
    let mut oracle = Oracle::new().await;
    let copy = "CREATE TABLE new (id int PRIMARY KEY, b text CHECK (b <> 'bad')); INSERT INTO new SELECT id, b FROM old; DROP TABLE old;";
    let trial = oracle.trial(OLD, copy).await;
    trial.run(&["upgrade"]).ends(3);
    trial
        .client
        .batch_execute(
            "UPDATE old SET b = 'bad' WHERE id = 5; INSERT INTO old VALUES (9001, 1, 'bad', 1)",
        )
        .await
        .unwrap();
    let status = trial
        .run(&["status"])
        .ends(0)
        .says("2 writes to old gave no value for new");
    assert!(!status.out.contains("bad"), "{}", status.out);
    trial
        .run(&["contract"])
        .ends(1)
        .says("2 rows of old could not be taken over to new")
        .says("id = 5; id = 9001");
    trial
        .client
        .batch_execute("UPDATE old SET b = 'good' WHERE id = 5; DELETE FROM old WHERE id = 9001")
        .await
        .unwrap();
    trial.run(&["contract"]).ends(0);
    assert_eq!(
        text(&trial, "SELECT * FROM new WHERE id IN (5, 9001)").await,
        "(5,good)"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_takes_those_rows_alone_that_were_copied() {
    let mut oracle = Oracle::new().await;
    for archive in [
        "CREATE TABLE gone (id int PRIMARY KEY, a int, b text, n int); INSERT INTO gone SELECT * FROM old WHERE a = 3; DELETE FROM old WHERE a IN (3, 4);",
        "CREATE TABLE gone (id int PRIMARY KEY, b varchar(9)); INSERT INTO gone SELECT id, b FROM old WHERE n > 100; DELETE FROM old WHERE n > 50;",
        "CREATE TABLE gone (id int PRIMARY KEY, b text); INSERT INTO gone SELECT id, b FROM old ON CONFLICT DO NOTHING; DELETE FROM old;",
        "CREATE TABLE gone (LIKE old); INSERT INTO gone SELECT * FROM old WHERE a = 3; DELETE FROM old WHERE a = 3;",
    ] {
        oracle.same(OLD, archive).await;
    }
    // A row that comes between the two.
    let trial = oracle.trial(OLD, "CREATE TABLE gone (id int PRIMARY KEY, b text); INSERT INTO gone SELECT id, b FROM old; DELETE FROM old WHERE a IN (1, 3);").await;
    trial.client.batch_execute(
        "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO old VALUES (9001, 3, 'late', 1);
           UPDATE old SET b = 'changed' WHERE id = 1; RETURN NULL; END $$;
         CREATE FUNCTION hook() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
           IF to_regclass('gone') IS NOT NULL AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'late') THEN
             CREATE TRIGGER late AFTER INSERT ON gone FOR EACH STATEMENT EXECUTE FUNCTION late(); END IF; END $$;
         CREATE EVENT TRIGGER hook ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION hook();",
    ).await.unwrap();
    trial.run(&["upgrade", "--contract"]).ends(0);
    assert_eq!(
        text(&trial, "SELECT id, b FROM old WHERE id IN (1, 9001)").await,
        "(1,changed) (9001,late)"
    );
    assert_eq!(
        trial
            .value::<i64>("SELECT count(*) FROM old WHERE a IN (1, 3)")
            .await,
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_copy_can_follow_is_told_before_the_first_change() {
    let mut oracle = Oracle::new().await;
    for revision in [
        "CREATE TABLE new (LIKE old); INSERT INTO new SELECT * FROM old; DROP TABLE old;",
        "CREATE TABLE new (a int PRIMARY KEY, n bigint); INSERT INTO new SELECT a, count(*) FROM old GROUP BY a; DROP TABLE old;",
        "CREATE TABLE new (id int PRIMARY KEY, b text); INSERT INTO new SELECT id, b FROM old; UPDATE new SET b = upper(b); DROP TABLE old;",
        "CREATE TABLE new (LIKE old); INSERT INTO new SELECT * FROM old WHERE a = 3; DELETE FROM old WHERE a = 3;",
    ] {
        let trial = oracle.trial(OLD, revision).await;
        trial.run(&["plan"]).ends(0).says("H18");
        oracle.same(OLD, revision).await;
    }
    let harmless = "CREATE TABLE new (LIKE old); INSERT INTO new SELECT * FROM old;";
    let trial = oracle.trial(OLD, harmless).await;
    assert!(!trial.run(&["plan"]).ends(0).out.contains("H18"));
}

const TEXTS: &str = "CREATE TABLE t (id int PRIMARY KEY, b text, m text NOT NULL DEFAULT '0', o int);
    INSERT INTO t SELECT g, g::text, g::text, g FROM generate_series(1, 3000) g; CREATE INDEX ON t (b); ANALYZE;";

#[tokio::test(flavor = "multi_thread")]
async fn writers_do_not_fail_for_another_type() {
    let mut oracle = Oracle::new().await;
    for (change, column) in [
        ("ALTER TABLE t ALTER b TYPE int USING b::int;", "b"),
        (
            "ALTER TABLE t ALTER m DROP DEFAULT, ALTER m TYPE int USING m::int;",
            "m",
        ),
        ("ALTER TABLE t ALTER b TYPE varchar(4);", "b"),
        (
            "CREATE DOMAIN digits AS text CHECK (VALUE ~ '^[0-9]+$'); ALTER TABLE t ALTER b TYPE digits;",
            "b",
        ),
    ] {
        let trial = oracle.trial(TEXTS, change).await;
        trial.run(&["upgrade"]).ends(3);
        let write = format!(
            "INSERT INTO t (id, {column}, m) VALUES (9001, 'wrong', '1') ON CONFLICT DO NOTHING; UPDATE t SET {column} = 'wrong' WHERE id = 1; UPDATE t SET o = 5 WHERE id = 1;"
        );
        let write = if column == "m" {
            write.replace(", m)", ", o)").replace("'1')", "1)")
        } else {
            write
        };
        trial
            .client
            .batch_execute(&write)
            .await
            .unwrap_or_else(|error| panic!("{change}: {error:?}"));
        let status = trial
            .run(&["status", "--json"])
            .ends(0)
            .says("\"unfilled\"");
        assert!(!status.out.contains("wrong"), "{}", status.out);
        let refused = trial
            .run(&["contract"])
            .ends(1)
            .says("writes to t gave no value");
        if change.contains("DOMAIN") {
            // What a type of the same revision demands is known to the assignment alone.
            refused.says("digits_check");
        } else {
            refused.says("id = 1").says("id = 9001");
        }
        trial
            .client
            .batch_execute(&format!(
                "UPDATE t SET {column} = '7' WHERE id IN (1, 9001)"
            ))
            .await
            .unwrap();
        trial.run(&["contract"]).ends(0);
        let rows = text(
            &trial,
            &format!("SELECT {column}::text FROM t WHERE id IN (1, 2, 9001)"),
        )
        .await;
        assert_eq!(rows, "(2) (7) (7)", "{change}");
        oracle.same(TEXTS, change).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_in_between_the_proof_and_the_swap_keeps_contract() {
    let mut oracle = Oracle::new().await;
    for change in [
        "ALTER TABLE t ALTER b TYPE int USING b::int;",
        "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = b::int; ALTER TABLE t DROP COLUMN b;",
        "CREATE TABLE n (id int PRIMARY KEY, b int); INSERT INTO n SELECT id, b::int FROM t; DROP TABLE t;",
    ] {
        let trial = oracle.trial(TEXTS, change).await;
        trial.run(&["upgrade"]).ends(3);
        // The write is there before contract begins, and committed when the proof has passed its
        // row.
        let database: String = trial.value("SELECT current_database()::text").await;
        let late = oracle.server.connect(&database).await.unwrap();
        late.batch_execute("BEGIN; UPDATE t SET b = 'wrong' WHERE id = 7")
            .await
            .unwrap();
        let committed = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(3)).await;
            late.batch_execute("COMMIT").await.unwrap();
        });
        trial.run(&["contract"]).ends(1).says("id = 7");
        committed.await.unwrap();
        trial
            .client
            .batch_execute("DELETE FROM t WHERE id = 7")
            .await
            .unwrap();
        trial.run(&["contract"]).ends(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_column_follows_what_it_is_made_of_until_contract() {
    let mut oracle = Oracle::new().await;
    for (fill, write, wanted) in [
        (
            "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = b::int;",
            "UPDATE t SET b = '99' WHERE id = 7",
            "99",
        ),
        (
            "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = b::int WHERE o < 100;",
            "UPDATE t SET o = 500 WHERE id = 7",
            "-",
        ),
        (
            "ALTER TABLE t ADD COLUMN c text; UPDATE t SET c = upper(b) || o;",
            "UPDATE t SET b = 'x' WHERE id = 7",
            "X7",
        ),
        // What newer code says stays.
        (
            "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = b::int;",
            "UPDATE t SET b = '99', c = 3 WHERE id = 7",
            "3",
        ),
        (
            "ALTER TABLE t ADD COLUMN c int; UPDATE t SET c = b::int;",
            "UPDATE t SET c = 3 WHERE id = 7; UPDATE t SET o = 1 WHERE id = 7",
            "3",
        ),
    ] {
        let revision = format!("{fill} ALTER TABLE t DROP COLUMN m;");
        let trial = oracle.trial(TEXTS, &revision).await;
        trial.run(&["upgrade"]).ends(3);
        trial.client.batch_execute(write).await.unwrap();
        trial.run(&["contract"]).ends(0);
        assert_eq!(
            text(&trial, "SELECT coalesce(c::text, '-') FROM t WHERE id = 7").await,
            format!("({wanted})"),
            "{fill} {write}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_with_a_length_cuts_nothing() {
    let mut oracle = Oracle::new().await;
    for (change, refused) in [
        ("ALTER TABLE t ALTER b TYPE varchar(3);", true),
        ("ALTER TABLE t ALTER b TYPE char(3);", true),
        (
            "CREATE DOMAIN code AS varchar(3); ALTER TABLE t ALTER b TYPE code;",
            true,
        ),
        (
            "ALTER TABLE t ADD COLUMN c varchar(3); UPDATE t SET c = b;",
            true,
        ),
        ("ALTER TABLE t ALTER b TYPE varchar(4);", false),
        ("ALTER TABLE t ALTER b TYPE char(6);", false),
        (
            "ALTER TABLE t ALTER b TYPE varchar(3) USING b::varchar(3);",
            false,
        ),
        ("ALTER TABLE t ALTER o TYPE varchar(4);", false),
    ] {
        if refused {
            let trial = oracle.trial(TEXTS, change).await;
            let said = trial.run(&["upgrade", "--contract"]);
            assert!(
                said.code == 1 || said.code == 2,
                "{change}: {} {}",
                said.out,
                said.err
            );
            assert_eq!(
                trial
                    .value::<i64>("SELECT count(*) FROM t WHERE b = id::text")
                    .await,
                3000,
                "{change}"
            );
            assert!(
                trial.client.batch_execute(change).await.is_err(),
                "{change}"
            );
        } else {
            oracle.same(TEXTS, change).await;
        }
    }
}
