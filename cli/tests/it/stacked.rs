//! Revisions behind others that wait for their contract.

use crate::fixture::Site;

const LEADS: &str = "CREATE TABLE leads (id int PRIMARY KEY, email text, score int);
    INSERT INTO leads SELECT g, 'lead' || g, g FROM generate_series(1, 500) g;";

#[tokio::test(flavor = "multi_thread")]
async fn later_revisions_go_on_while_an_earlier_one_waits() {
    let revisions = [
        (
            "001_tenant",
            "ALTER TABLE leads ADD COLUMN tenant int; UPDATE leads SET tenant = 1;",
        ),
        (
            "002_enforce",
            "ALTER TABLE leads ALTER COLUMN tenant SET NOT NULL;",
        ),
        ("003_note", "ALTER TABLE leads ADD COLUMN note text;"),
    ];
    let site = Site::new(LEADS, &revisions).await;
    let said = site.run(&["upgrade"]).ends(3);
    assert!(
        said.out.contains("001_tenant waits for contract") && said.out.contains("H01"),
        "{}",
        said.out
    );
    // Old code goes on: the temporary default of the first covers what the second enforces.
    site.client
        .batch_execute("INSERT INTO leads (id) VALUES (1000)")
        .await
        .unwrap();
    assert!(
        site.value::<bool>("SELECT count(note) = 0 FROM leads")
            .await
    );
    site.run(&["contract"]).ends(0);
    assert!(
        site.client
            .batch_execute("INSERT INTO leads (id) VALUES (1001)")
            .await
            .is_err()
    );
    assert_eq!(site.run(&["status"]).ends(0).out, "everything is applied\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_depends_on_a_waiting_contract_waits_and_says_so() {
    let revisions = [
        ("001_drop", "ALTER TABLE leads DROP COLUMN score;"),
        ("002_again", "ALTER TABLE leads ADD COLUMN score text;"),
    ];
    let site = Site::new(LEADS, &revisions).await;
    let said = site.run(&["upgrade"]).ends(3);
    assert!(
        said.err
            .contains("has to wait for the contract of 001_drop"),
        "{}",
        said.err
    );
    site.run(&["contract"]).ends(0);
    site.run(&["upgrade"]).ends(0);
    let kind: String = site
        .value("SELECT pg_typeof(score)::text FROM (SELECT NULL::leads) l, LATERAL (SELECT (l.leads).score) s")
        .await;
    assert_eq!(kind, "text");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_contract_everything_runs_to_the_end() {
    let revisions = [
        ("001_drop", "ALTER TABLE leads DROP COLUMN score;"),
        ("002_again", "ALTER TABLE leads ADD COLUMN score text;"),
    ];
    let site = Site::new(LEADS, &revisions).await;
    site.run(&["upgrade", "--contract"]).ends(0);
    assert_eq!(site.run(&["current"]).ends(0).out, "002_again (applied)\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn rollback_takes_back_the_newest_or_all_down_to_one() {
    let revisions = [
        (
            "001_tenant",
            "ALTER TABLE leads ADD COLUMN tenant int; UPDATE leads SET tenant = 1;",
        ),
        ("002_index", "CREATE INDEX leads_tenant ON leads (tenant);"),
    ];
    let site = Site::new(LEADS, &revisions).await;
    let start = site.schema();
    site.run(&["upgrade"]).ends(3);
    // It has no contract of its own, but waits with the one before it.
    assert!(
        site.run(&["current"])
            .ends(0)
            .out
            .contains("002_index (waiting for contract)")
    );
    site.run(&["rollback"]).ends(0);
    assert!(
        site.run(&["current"])
            .ends(0)
            .out
            .contains("001_tenant (waiting for contract)")
    );
    site.run(&["upgrade"]).ends(3);
    site.run(&["rollback", "001"]).ends(0);
    assert_eq!(site.schema(), start);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_built_on_a_column_that_goes_when_an_earlier_contract_runs() {
    let revisions = [
        ("001_type", "ALTER TABLE leads ALTER COLUMN id TYPE bigint;"),
        ("002_index", "CREATE INDEX leads_again ON leads (id);"),
    ];
    let site = Site::new(LEADS, &revisions[..1]).await;
    site.run(&["upgrade"]).ends(3);
    site.revision(revisions[1].0, revisions[1].1);
    let refused = site.run(&["upgrade"]).ends(3);
    assert!(
        refused
            .err
            .contains("has to wait for the contract of 001_type"),
        "{}",
        refused.err
    );
    site.run(&["contract"]).ends(0);
    site.run(&["upgrade"]).ends(0);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM pg_indexes WHERE indexname = 'leads_again'")
            .await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_keeps_its_name_while_a_contract_is_about_it() {
    let revisions = [
        (
            "001_type",
            "ALTER TABLE leads ALTER COLUMN score TYPE text;",
        ),
        ("002_name", "ALTER TABLE leads RENAME TO people;"),
    ];
    let site = Site::new(LEADS, &revisions).await;
    let said = site.run(&["upgrade"]).ends(3);
    assert!(
        said.err
            .contains("has to wait for the contract of 001_type"),
        "{}",
        said.err
    );
    site.run(&["contract"]).ends(0);
    site.run(&["upgrade", "--contract"]).ends(0);
    assert_eq!(
        site.value::<String>("SELECT score FROM people WHERE id = 7")
            .await,
        "7"
    );
}
