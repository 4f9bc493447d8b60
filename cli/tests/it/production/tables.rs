//! Tables whose rows lie elsewhere, that get partitions meanwhile, that are many.

use super::{LEADS, WRONG};
use crate::fixture::Site;
use crate::kill::checkpointed;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_is_attached_meanwhile_is_filled_too() {
    let site = Site::new(
        "CREATE TABLE leads (id int, email text) PARTITION BY RANGE (id);
         CREATE TABLE leads_1 PARTITION OF leads FOR VALUES FROM (0) TO (50000);
         INSERT INTO leads SELECT g, 'Lead' || g FROM generate_series(1, 40000) g;
         CREATE TABLE leads_2 AS SELECT g AS id, 'Lead' || g AS email FROM generate_series(50001, 60000) g; ANALYZE;",
        &[(
            "001_lower",
            "ALTER TABLE leads ADD COLUMN lower text;
             UPDATE leads SET lower = lower(email) WHERE lower IS NULL;
             ALTER TABLE leads ALTER COLUMN lower SET NOT NULL;",
        )],
    )
    .await;
    let mut command = site.command(&["upgrade", "--rows-per-second-max", "15000"]);
    let engine = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    for _ in 0..2_000 {
        if checkpointed(&site).await > 5_000 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    site.client
        .batch_execute(
            "ALTER TABLE leads_2 ADD COLUMN lower text;
             ALTER TABLE leads ATTACH PARTITION leads_2 FOR VALUES FROM (50000) TO (100000)",
        )
        .await
        .unwrap();
    crate::fixture::said(&engine.wait_with_output().unwrap()).ends(3);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
    // Another one, when the backfill is done.
    site.client
        .batch_execute(
            "CREATE TABLE leads_3 AS SELECT g AS id, 'Lead' || g AS email, NULL::text AS lower FROM generate_series(100001, 101000) g;
             ALTER TABLE leads ATTACH PARTITION leads_3 FOR VALUES FROM (100000) TO (200000)",
        )
        .await
        .unwrap_or(());
    site.run(&["contract"]).ends(0);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_lie_elsewhere_are_never_taken_for_none() {
    let site = Site::new(
        "CREATE TABLE parent (id int, a text); CREATE TABLE child () INHERITS (parent);
         INSERT INTO child SELECT g, 'x' FROM generate_series(1, 3000) g;
         CREATE EXTENSION IF NOT EXISTS postgres_fdw;",
        &[("001_a", "ALTER TABLE parent ALTER COLUMN a SET NOT NULL;")],
    )
    .await;
    site.client
        .batch_execute(&format!(
            "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{}', port '{}', dbname 'site');
             CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'postgres');
             CREATE FOREIGN TABLE remote (id int, a text) SERVER far OPTIONS (table_name 'child');
             CREATE TABLE parted (id int, a text) PARTITION BY RANGE (id);
             CREATE FOREIGN TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10000) SERVER far OPTIONS (table_name 'child');
             ANALYZE;",
            site.server.socket().display(),
            site.server.port()
        ))
        .await
        .unwrap();
    for table in ["parent", "parted"] {
        site.revision("001_a", &format!("ALTER TABLE {table} ALTER COLUMN a SET NOT NULL;"));
        let said = site.run(&["plan"]);
        assert!(!said.out.contains("it touches no row"), "{table}: {}", said.out);
        assert!(said.code != 0 || said.out.contains("validate"), "{table}: {}\n{}", said.out, said.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "makes 25,000 tables"]
async fn a_huge_catalog_costs_what_is_touched() {
    let site = Site::new(LEADS, &[("001_lower", "ALTER TABLE leads ADD COLUMN lower text;")]).await;
    for from in (0..20_000).step_by(500) {
        let sql = format!(
            "DO $$ BEGIN FOR n IN {from}..{} LOOP
             EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, a text NOT NULL DEFAULT ''x'', b int CHECK (b > 0), c timestamptz DEFAULT now())', n);
             END LOOP; END $$",
            from + 499
        );
        site.client.batch_execute(&sql).await.unwrap();
    }
    site.client.batch_execute("CREATE TABLE parted (id int, a text) PARTITION BY RANGE (id)").await.unwrap();
    for from in (0..5_000).step_by(500) {
        let sql = format!(
            "DO $$ BEGIN FOR n IN {from}..{} LOOP
             EXECUTE format('CREATE TABLE p%s PARTITION OF parted FOR VALUES FROM (%s) TO (%s)', n, n, n + 1); END LOOP; END $$",
            from + 499
        );
        site.client.batch_execute(&sql).await.unwrap();
    }
    site.client
        .batch_execute("ANALYZE pg_class, pg_attribute, pg_constraint, pg_index, pg_depend, pg_inherits")
        .await
        .unwrap();
    for words in [&["status"] as &[&str], &["plan"], &["check"], &["upgrade", "--contract"]] {
        let began = Instant::now();
        site.run(words).ends(0);
        println!("{words:?}: {:?}", began.elapsed());
    }
    site.revision("002_parted", "ALTER TABLE parted ADD COLUMN b int;");
    for words in [&["plan"] as &[&str], &["upgrade", "--contract"]] {
        let began = Instant::now();
        site.run(words).ends(0);
        println!("{words:?}: {:?}", began.elapsed());
    }
}
