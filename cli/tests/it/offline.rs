//! `--sql`: scripts that psql runs to the same end, also without a database at hand, and again
//! after a failure.

use crate::fixture::{Site, bare, said};
use crate::lifecycle::by_psql;

const LEADS: &str = "CREATE TABLE leads (id bigint PRIMARY KEY, email text, score text);
    INSERT INTO leads SELECT g, 'lead' || g, g::text FROM generate_series(1, 5000) g; ANALYZE;";

const REVISIONS: [(&str, &str); 3] = [
    (
        "001_tenant",
        "ALTER TABLE leads ADD COLUMN tenant int; UPDATE leads SET tenant = id % 7 WHERE tenant IS NULL;",
    ),
    ("002_index", "CREATE INDEX leads_tenant ON leads (tenant);"),
    (
        "003_score",
        "ALTER TABLE leads ALTER COLUMN score TYPE int USING score::int;",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_script_for_an_empty_database_needs_none() {
    let schema = "CREATE TABLE leads (id bigint PRIMARY KEY, email text NOT NULL, score text);
        CREATE UNIQUE INDEX leads_email ON leads (email);";
    let site = Site::new(
        "",
        &[
            ("000_base", schema),
            REVISIONS[0],
            REVISIONS[1],
            REVISIONS[2],
        ],
    )
    .await;
    let script = said(
        &bare(site.folder.path(), &["upgrade", "base:head", "--sql"])
            .output()
            .unwrap(),
    )
    .ends(0)
    .out;
    site.server.psql("site", &script).unwrap();
    site.run(&["current"]).ends(0).says("003_score (applied)");
    let said = said(
        &bare(site.folder.path(), &["upgrade", "002:head", "--sql"])
            .output()
            .unwrap(),
    )
    .ends(1);
    assert!(said.err.contains("--catalog"), "{}", said.err);
    // As the engine makes it.
    let scripted = site.schema();
    site.server.create_database("other", None).await.unwrap();
    site.run(&["--url", &site.server.url("other"), "upgrade"])
        .ends(0);
    assert_eq!(scripted, site.server.dump_schema("other").unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_stops_where_contract_waits_and_the_engine_goes_on() {
    let site = Site::new(LEADS, &REVISIONS).await;
    // From what is known of the database, without it.
    let catalog = site.run(&["catalog"]).ends(0).out;
    std::fs::write(site.folder.path().join("catalog.json"), catalog).unwrap();
    let words = ["upgrade", "--sql", "--catalog", "catalog.json"];
    let script = said(&bare(site.folder.path(), &words).output().unwrap())
        .ends(0)
        .out;
    let told = site.server.psql("site", &script).unwrap();
    assert!(told.contains("001_tenant waits for its contract"), "{told}");
    site.run(&["status"]).ends(0).says("001_tenant");
    let said = site.run(&["upgrade", "--sql"]).ends(1);
    assert!(said.err.contains("001_tenant is waiting"), "{}", said.err);
    site.run(&["contract"]).ends(0);
    by_psql(&site, &["upgrade", "--sql", "--contract"]);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM leads WHERE tenant = id % 7 AND score = id")
            .await,
        5000
    );
    site.run(&["current"]).ends(0).says("003_score (applied)");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_failed_goes_on_where_it_was() {
    let site = Site::new(LEADS, &REVISIONS).await;
    let script = site.run(&["upgrade", "--sql", "--contract"]).ends(0).out;
    // Two rows that no index can tell apart, and a value that is no number: the second is found
    // before the third begins.
    site.client
        .batch_execute("UPDATE leads SET score = 'many' WHERE id = 7")
        .await
        .unwrap();
    let error = site.server.psql("site", &script).unwrap_err().to_string();
    assert!(
        error.contains("this doesn't hold") && error.contains("1 rows are against it"),
        "{error}"
    );
    site.run(&["current"]).ends(0).says("002_index (applied)");
    site.client
        .batch_execute("UPDATE leads SET score = '7' WHERE id = 7")
        .await
        .unwrap();
    site.server.psql("site", &script).unwrap();
    site.run(&["current"]).ends(0).says("003_score (applied)");
}
