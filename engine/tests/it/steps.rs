//! Steps: exactly once, with their records; taken back without a trace.

use crate::fixture::{ID, Site, TEAM, leads, settings};
use concertina_engine::{Error, Outcome, State, Until};
use concertina_revisions::RevisionId;

#[tokio::test(flavor = "multi_thread")]
async fn one_value_for_all_rows_is_read_once_and_writes_no_row() {
    let site = Site::new(
        "CREATE TABLE tenants (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), tenant_key text UNIQUE);
         INSERT INTO tenants (tenant_key) VALUES ('default');
         CREATE TABLE leads (id int PRIMARY KEY); INSERT INTO leads SELECT generate_series(1, 10000);",
    )
    .await;
    let before: i64 = site.value("SELECT pg_relation_size('leads')").await;
    let sql = "ALTER TABLE leads ADD COLUMN tenant_id uuid;
        UPDATE leads SET tenant_id = (SELECT id FROM tenants WHERE tenant_key = 'default') WHERE tenant_id IS NULL;
        ALTER TABLE leads ALTER COLUMN tenant_id SET NOT NULL;";
    assert_eq!(
        site.run(sql, Until::Backfilled).await.unwrap(),
        Outcome::WaitingForContract
    );
    let wrong = "SELECT count(*) FROM leads, tenants WHERE tenant_id IS DISTINCT FROM tenants.id";
    assert_eq!(site.value::<i64>(wrong).await, 0);
    assert_eq!(
        site.value::<i64>("SELECT pg_relation_size('leads')").await,
        before
    );
    // Old code goes on until contract.
    site.client
        .batch_execute("INSERT INTO leads (id) VALUES (20000)")
        .await
        .unwrap();
    assert_eq!(site.value::<i64>(wrong).await, 0);
    site.run(sql, Until::Contracted).await.unwrap();
    assert!(
        site.client
            .batch_execute("INSERT INTO leads (id) VALUES (20001)")
            .await
            .is_err()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_is_missing_is_an_error_and_changes_nothing() {
    let site = Site::new(
        "CREATE TABLE tenants (id int, tenant_key text);
         CREATE TABLE leads (id int PRIMARY KEY); INSERT INTO leads VALUES (1);",
    )
    .await;
    let before = site.server.dump_schema("site").unwrap();
    let sql = "ALTER TABLE leads ADD COLUMN tenant_id int;
        UPDATE leads SET tenant_id = (SELECT id FROM tenants WHERE tenant_key = 'default');
        ALTER TABLE leads ALTER COLUMN tenant_id SET NOT NULL;";
    let error = site.run(sql, Until::Backfilled).await.unwrap_err();
    assert!(matches!(error, Error::NoValue { .. }), "{error}");
    assert_eq!(site.server.dump_schema("site").unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_leaves_nothing() {
    let site = Site::new(&leads(2_000)).await;
    let before = site.server.dump_schema("site").unwrap();
    let sql = format!(
        "{TEAM} CREATE INDEX leads_team ON leads (team_id); ALTER TABLE leads ADD CONSTRAINT positive CHECK (score >= 0);"
    );
    site.run(&sql, Until::Backfilled).await.unwrap();
    let engine = site.engine(settings()).0;
    let mut lease = engine.lease().await.unwrap();
    lease.undo(&RevisionId::new(ID)).await.unwrap();
    assert_eq!(lease.known().await.unwrap().len(), 0);
    drop(lease);
    assert_eq!(site.server.dump_schema("site").unwrap(), before);
    let functions: i64 = site
        .value("SELECT count(*) FROM pg_proc p WHERE p.pronamespace = 'concertina'::regnamespace")
        .await;
    assert_eq!(functions, 0);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM concertina.step")
            .await,
        0
    );
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM concertina.range")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn contract_proves_that_no_row_is_left_before_it_enforces() {
    let site = Site::new(&leads(5_000)).await;
    let sql = "ALTER TABLE leads ADD COLUMN team_id bigint;
        UPDATE leads l SET team_id = o.team_id FROM owners o WHERE o.id = l.owner_id AND l.team_id IS NULL;";
    site.run(sql, Until::Backfilled).await.unwrap();
    // Someone goes around the trigger.
    let sneaky = "SET session_replication_role = replica; UPDATE leads SET team_id = NULL WHERE id <= 50; RESET session_replication_role;";
    site.client.batch_execute(sneaky).await.unwrap();
    site.run(sql, Until::Contracted).await.unwrap();
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM leads WHERE team_id IS NULL")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn contract_that_has_begun_only_goes_forward() {
    let site = Site::new(&leads(100)).await;
    site.run(TEAM, Until::Contracted).await.unwrap();
    let engine = site.engine(settings()).0;
    let known = engine.known().await.unwrap();
    assert_eq!(known[0].state, State::Applied);
    let error = engine
        .lease()
        .await
        .unwrap()
        .undo(&RevisionId::new(ID))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("downgrade"), "{error}");
}
