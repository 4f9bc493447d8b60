//! A batch that can't fit is made as small as one row; what doesn't fit even then ends, with the
//! table, the blocks and the reason.

use crate::rows::{Oracle, T};

/// A value that takes its time for some rows.
fn slow(rows: &str, seconds: &str) -> String {
    format!(
        "{T} CREATE FUNCTION slow(v bigint) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
         'BEGIN IF v IN ({rows}) THEN PERFORM pg_sleep({seconds}); END IF; RETURN v * 2; END';"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_done_row_by_row_where_it_must() {
    let mut oracle = Oracle::new().await;
    // No row takes long, but those of one page do together.
    let setup = slow("SELECT generate_series(1, 20)", "0.25");
    let trial = oracle
        .trial(&setup, "DELETE FROM t WHERE slow(id) <= 40;")
        .await;
    trial
        .run(&["upgrade", "--contract"])
        .ends(0)
        .says("row by row");
    assert_eq!(trial.value::<i64>("SELECT count(*) FROM t").await, 2980);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_never_fits_ends_it() {
    let mut oracle = Oracle::new().await;
    let trial = oracle
        .trial(&slow("1500", "2.5"), "UPDATE t SET a = slow(id);")
        .await;
    trial
        .run(&["upgrade", "--contract"])
        .ends(1)
        .says("one row alone takes longer than the 2 s that a batch may take")
        .says("backfill of t, blocks");
    // What is done is kept, and it is gone on with.
    let body = "CREATE OR REPLACE FUNCTION slow(v bigint) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT (v * 2)::int'";
    trial.client.batch_execute(body).await.unwrap();
    trial.run(&["upgrade", "--contract"]).ends(0);
    assert!(
        trial
            .value::<bool>("SELECT bool_and(a = id * 2) FROM t")
            .await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_names_the_indexes_that_it_lacks() {
    let mut oracle = Oracle::new().await;
    let setup = format!(
        "{T} CREATE TABLE c (id bigint PRIMARY KEY, t bigint REFERENCES t ON DELETE CASCADE);
         CREATE TABLE g (id bigint, \"c id\" bigint REFERENCES c ON DELETE SET NULL);
         INSERT INTO c SELECT g, g FROM generate_series(1, 3000) g; INSERT INTO g SELECT g, g FROM generate_series(1, 3000) g; ANALYZE;"
    );
    let revision = "DELETE FROM t WHERE bal < 100;";
    let trial = oracle.trial(&setup, revision).await;
    trial
        .run(&["plan"])
        .ends(0)
        .says("CREATE INDEX ON public.c (t)")
        .says("CREATE INDEX ON public.g (\"c id\")");
    oracle.same(&setup, revision).await;
}
