//! What nobody may see or do: passwords in what is told, our records by those who aren't asked to,
//! rows passed over because a policy hides them.

use crate::fixture::{Said, Site, bare, said};

const LEADS: &str = "CREATE TABLE leads (id int PRIMARY KEY, tenant int NOT NULL, email text);
    INSERT INTO leads SELECT g, g % 2, 'lead' || g FROM generate_series(1, 3000) g; ANALYZE;";

const LOWER: &str = "ALTER TABLE leads ADD COLUMN lower text;
    UPDATE leads SET lower = lower(email) WHERE lower IS NULL;
    ALTER TABLE leads ALTER COLUMN lower SET NOT NULL;";

const PASSWORD: &str = "pa55w0rd-of-ann";

/// The database belongs to a role with a password.
async fn of_ann(site: &Site) -> String {
    let sql = format!(
        "CREATE ROLE ann LOGIN PASSWORD '{PASSWORD}'; GRANT CREATE ON DATABASE site TO ann; ALTER TABLE leads OWNER TO ann; GRANT ALL ON SCHEMA public TO ann"
    );
    site.client.batch_execute(&sql).await.unwrap();
    format!("127.0.0.1:{}/site", site.server.port())
}

fn as_ann(site: &Site, words: &[&str], address: &str) -> Said {
    let url = format!("postgres://ann:{PASSWORD}@{address}?sslmode=disable");
    said(
        &bare(site.folder.path(), words)
            .env("DATABASE_URL", url)
            .env("CONCERTINA_LOG", "trace")
            .output()
            .unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_is_told_logged_or_kept() {
    let site = Site::new(
        LEADS,
        &[
            ("001_lower", LOWER),
            ("002_index", "CREATE INDEX ON leads (lower);"),
        ],
    )
    .await;
    let address = of_ann(&site).await;
    let mut all = String::new();
    for words in [
        &["doctor"] as &[&str],
        &["plan", "--estimate"],
        &["upgrade", "--sql"],
        &["upgrade", "--json", "-vv"],
        &["status"],
        &["pause", "tonight"],
        &["resume"],
        &["contract", "-v"],
        &["catalog"],
        &["verify"],
        &["downgrade", "base", "--contract"],
        &["--help"],
        &["upgrade", "--lock-timeout-ms", "nonsense"],
    ] {
        let Said { out, err, .. } = as_ann(&site, words, &address);
        all += &out;
        all += &err;
    }
    // A server that isn't there, and a database that isn't.
    for address in [
        "127.0.0.1:1/site",
        &format!("127.0.0.1:{}/nothing", site.server.port()),
        "host.invalid/site",
    ] {
        let failed = as_ann(&site, &["status", "-vv"], address).ends(1);
        all += &failed.err;
    }
    std::fs::write(
        site.folder.path().join("concertina.toml"),
        format!("url = \"postgres://ann:{PASSWORD}@{address}\"\nurll = 1\n"),
    )
    .unwrap();
    all += &said(&bare(site.folder.path(), &["status"]).output().unwrap())
        .ends(1)
        .err;
    assert!(
        all.contains("backfill") && all.contains("ann") && all.len() > 10_000,
        "the log says much: {}",
        all.len()
    );
    assert!(
        !all.contains(PASSWORD),
        "{}",
        all.lines().find(|line| line.contains(PASSWORD)).unwrap()
    );
    let kept = site
        .server
        .psql("site", "TABLE concertina.revision; TABLE concertina.meta; TABLE concertina.step; TABLE concertina.job; TABLE concertina.control")
        .unwrap();
    assert!(!kept.contains(PASSWORD));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_reads_or_writes_our_records() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    let address = of_ann(&site).await;
    as_ann(&site, &["upgrade"], &address).ends(3);
    site.client
        .batch_execute(
            "CREATE ROLE eve LOGIN; GRANT SELECT, INSERT, UPDATE ON leads TO eve; SET ROLE eve",
        )
        .await
        .unwrap();
    let tables = ["meta", "revision", "step", "job", "range", "control"];
    for table in tables {
        for sql in [
            "SELECT * FROM concertina.{}",
            "DELETE FROM concertina.{}",
            "INSERT INTO concertina.{} DEFAULT VALUES",
        ] {
            let refused = site
                .client
                .batch_execute(&sql.replace("{}", table))
                .await
                .unwrap_err();
            assert_eq!(refused.code().unwrap().code(), "42501", "{sql} {table}");
        }
    }
    // Its own writes are filled all the same: the trigger's function needs no right of the writer.
    site.client
        .batch_execute("INSERT INTO leads (id, tenant, email) VALUES (9000, 1, 'EVE')")
        .await
        .unwrap();
    site.client.batch_execute("RESET ROLE").await.unwrap();
    assert_eq!(
        site.value::<String>("SELECT lower FROM leads WHERE id = 9000")
            .await,
        "eve"
    );
    let made = site
        .client
        .batch_execute("SET ROLE eve; CREATE TABLE concertina.mine (id int)")
        .await
        .unwrap_err();
    assert_eq!(made.code().unwrap().code(), "42501");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_in_the_way_whom_we_may_not_look_at_is_waited_for_too() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    let address = of_ann(&site).await;
    let other = site.server.connect("site").await.unwrap();
    other
        .batch_execute("BEGIN; SELECT * FROM leads LIMIT 1")
        .await
        .unwrap();
    std::fs::write(
        site.folder.path().join("concertina.toml"),
        "[limits]\nlock_budget_s = 2\n",
    )
    .unwrap();
    let said = as_ann(&site, &["upgrade"], &address).ends(1);
    assert!(
        said.err.contains("no lock within 2 s") && said.err.contains("not shown to us"),
        "{}",
        said.err
    );
    other.batch_execute("COMMIT").await.unwrap();
    as_ann(&site, &["upgrade"], &address).ends(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_a_policy_hides_from_the_owner_are_a_refusal_and_not_passed_over() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    let address = of_ann(&site).await;
    let hide =
        "ALTER TABLE leads ENABLE ROW LEVEL SECURITY; ALTER TABLE leads FORCE ROW LEVEL SECURITY;
        CREATE POLICY own ON leads USING (tenant = 1);";
    site.client.batch_execute(hide).await.unwrap();
    let start = site.schema();
    let refused = as_ann(&site, &["upgrade"], &address);
    assert!(
        refused.code == 1 || refused.code == 2,
        "{}{}",
        refused.out,
        refused.err
    );
    assert!(
        refused.err.contains("leads") && refused.err.contains("row-level security"),
        "{}",
        refused.err
    );
    assert_eq!(site.schema(), start, "before anything was changed");
    // Whoever may see all rows may do it.
    site.client
        .batch_execute("ALTER ROLE ann BYPASSRLS")
        .await
        .unwrap();
    as_ann(&site, &["upgrade", "--contract"], &address).ends(0);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM leads WHERE lower = lower(email)")
            .await,
        3_000
    );
}
