//! MERGE, and triggers that are off while rows are written.

use crate::rows::{Oracle, T};

async fn since_15(oracle: &Oracle) -> bool {
    let client = oracle.server.connect("postgres").await.unwrap();
    let sql = "SELECT current_setting('server_version_num')::int >= 150000";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn merge_is_the_statements_that_come_to_the_same() {
    let mut oracle = Oracle::new().await;
    let other = format!(
        "{T} CREATE TABLE s (id bigint PRIMARY KEY, a int); INSERT INTO s SELECT g, g FROM generate_series(1, 4000) g; ANALYZE;"
    );
    for revision in [
        "MERGE INTO t USING s ON s.id = t.id WHEN MATCHED THEN UPDATE SET a = s.a WHEN NOT MATCHED THEN INSERT (id, a, kind) VALUES (s.id, s.a, 'new');",
        "MERGE INTO t AS x USING s AS y ON y.id = x.id AND y.a > 5 WHEN MATCHED AND x.a < 3 THEN UPDATE SET bal = x.bal + y.a, n = DEFAULT WHEN NOT MATCHED AND y.id > 3500 THEN INSERT (id, bal) VALUES (y.id + 100000, y.a);",
        "MERGE INTO t USING s ON s.id = t.id WHEN MATCHED AND s.a % 2 = 0 THEN DELETE;",
        "MERGE INTO t USING s ON s.id = t.id WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED THEN INSERT (id, a) VALUES (id, 0);",
        "MERGE INTO t USING s ON s.id = t.a WHEN MATCHED THEN UPDATE SET kind = 'x', a = s.a + 1;",
    ] {
        if since_15(&oracle).await {
            oracle.same(&other, revision).await;
        }
    }
    for (revision, said) in [
        (
            "MERGE INTO t USING s ON s.a = t.a WHEN MATCHED THEN UPDATE SET kind = 'x';",
            "no unique key of s is compared",
        ),
        (
            "MERGE INTO t USING s ON s.id = t.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id);",
            "deletes rows, and inserts others",
        ),
        (
            "MERGE INTO t USING s ON s.id = t.a WHEN MATCHED THEN UPDATE SET a = 100 WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id + 5000);",
            "assigns a column that it matches rows by",
        ),
    ] {
        let trial = oracle.trial(&other, revision).await;
        if since_15(&oracle).await {
            trial.run(&["upgrade"]).ends(1).says("C105").says(said);
        }
        assert_eq!(trial.value::<i64>("SELECT count(*) FROM t").await, 3000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_is_off_for_a_statement_is_told() {
    let mut oracle = Oracle::new().await;
    let denied = format!(
        "{T} CREATE FUNCTION deny() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''only appended''; END';
         CREATE TRIGGER d BEFORE UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION deny();"
    );
    for revision in [
        "ALTER TABLE t DISABLE TRIGGER d; UPDATE t SET a = 5; ALTER TABLE t ENABLE TRIGGER d;",
        "ALTER TABLE t DISABLE TRIGGER USER; DELETE FROM t WHERE bal < 10; ALTER TABLE t ENABLE TRIGGER USER;",
        "ALTER TABLE t DISABLE TRIGGER ALL; UPDATE t SET n = n + 1 WHERE a = 3; ALTER TABLE t ENABLE TRIGGER ALL;",
    ] {
        let trial = oracle.trial(&denied, revision).await;
        trial
            .run(&["plan"])
            .ends(0)
            .says("H08")
            .says("doesn't fire for the application either");
        oracle.same(&denied, revision).await;
    }
    let trial = oracle
        .trial(&denied, "ALTER TABLE t DISABLE TRIGGER d;")
        .await;
    assert!(!trial.run(&["plan"]).ends(0).out.contains("H08"));
}
