//! Versions of the application's schema: each version of the code sees its own names, types and
//! defaults.

use crate::both_versions::version;
use crate::corpus::major;
use crate::fixture::Site;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio_postgres::Client;

const SETTINGS: &str = "versions = true\n";

const SCHEMA: &str =
    "CREATE TABLE leads (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text UNIQUE, place text,
        score text DEFAULT '7', note varchar(20));
    INSERT INTO leads (email, place, score) SELECT 'e' || g, 'p' || g, (g % 9)::text FROM generate_series(1, 5000) g;
    CREATE ROLE reader; CREATE ROLE clerk;
    GRANT SELECT ON leads TO reader; GRANT SELECT (id, place), UPDATE (place) ON leads TO clerk; ANALYZE;";

const CHANGE: &str = "ALTER TABLE leads RENAME COLUMN place TO spot;
    ALTER TABLE leads ALTER COLUMN score DROP DEFAULT, ALTER COLUMN score TYPE int USING score::int,
        ALTER COLUMN score SET DEFAULT 7;
    ALTER TABLE leads ALTER COLUMN note TYPE varchar(40);
    ALTER TABLE leads ADD COLUMN tag text DEFAULT 'none';";

async fn site(revisions: &[(&str, &str)]) -> Site {
    let site = Site::new(SCHEMA, revisions).await;
    std::fs::write(site.folder.path().join("concertina.toml"), SETTINGS).unwrap();
    site
}

/// A session of the version's code, by the URL that we tell.
async fn of_version(site: &Site, revision: &str) -> Client {
    let url = site.run(&["version-url", revision]).ends(0).out;
    let (client, connection) = tokio_postgres::connect(url.trim(), tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}

async fn one(client: &Client, sql: &str) -> Vec<Option<String>> {
    let rows = client
        .simple_query(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let row = rows.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let row = row.unwrap_or_else(|| panic!("{sql}: no row"));
    (0..row.len())
        .map(|at| row.get(at).map(str::to_owned))
        .collect()
}

fn some(values: &[&str]) -> Vec<Option<String>> {
    values
        .iter()
        .map(|value| (*value != "NULL").then(|| (*value).to_owned()))
        .collect()
}

/// Each reads its own names and types.
async fn names_and_types(site: &Site, old: &Client, new: &Client) {
    // A rename has moved no data.
    let renamed: i64 = site
        .value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.leads'::regclass AND attname = 'spot'")
        .await;
    assert_eq!(renamed, 0);
    assert_eq!(
        one(new, "SELECT spot, score + 1, tag FROM leads WHERE id = 5").await,
        some(&["p5", "6", "none"])
    );
    assert_eq!(
        one(old, "SELECT place, score || '' FROM leads WHERE id = 5").await,
        some(&["p5", "5"])
    );
    let types = "SELECT pg_typeof(score), pg_typeof(note), (SELECT count(*) FROM information_schema.columns WHERE table_schema = current_schema AND table_name = 'leads') FROM leads LIMIT 1";
    assert_eq!(
        one(old, types).await,
        some(&["text", "character varying", "5"])
    );
    assert_eq!(
        one(new, types).await,
        some(&["integer", "character varying", "6"])
    );
}

/// What either writes, the other reads as its own.
async fn writes(old: &Client, new: &Client) {
    // RETURNING, defaults, NULL that is meant, ON CONFLICT.
    let insert = "INSERT INTO leads (email, spot) VALUES ('n1', 'here') RETURNING score, tag";
    assert_eq!(one(new, insert).await, some(&["7", "none"]));
    assert_eq!(
        one(old, "SELECT place, score FROM leads WHERE email = 'n1'").await,
        some(&["here", "7"])
    );
    let insert = "INSERT INTO leads (email, score) VALUES ('n2', NULL) RETURNING score";
    assert_eq!(one(new, insert).await, some(&["NULL"]));
    assert_eq!(
        one(old, "SELECT score FROM leads WHERE email = 'n2'").await,
        some(&["NULL"])
    );
    let insert = "INSERT INTO leads (email) VALUES ('o1') RETURNING score";
    assert_eq!(one(old, insert).await, some(&["7"]));
    assert_eq!(
        one(new, "SELECT score FROM leads WHERE email = 'o1'").await,
        some(&["7"])
    );
    let upsert = "INSERT INTO leads (email, spot, score) VALUES ('o1', 'there', 3)
        ON CONFLICT (email) DO UPDATE SET spot = excluded.spot, score = excluded.score RETURNING spot, score";
    assert_eq!(one(new, upsert).await, some(&["there", "3"]));
    assert_eq!(
        one(
            old,
            "UPDATE leads SET score = '8', place = 'x' WHERE email = 'o1' RETURNING score"
        )
        .await,
        some(&["8"])
    );
    assert_eq!(
        one(new, "SELECT spot, score FROM leads WHERE email = 'o1'").await,
        some(&["x", "8"])
    );
    new.batch_execute("UPDATE leads SET score = NULL WHERE email = 'o1'")
        .await
        .unwrap();
    assert_eq!(
        one(old, "SELECT score FROM leads WHERE email = 'o1'").await,
        some(&["NULL"])
    );
}

/// Sessions that say their version without its schema, and COPY.
async fn past_the_views(site: &Site, new: &Client) {
    // A session that says its version and writes the table itself means its NULL too.
    site.client
        .batch_execute("SET concertina.version = 'public_002_change'")
        .await
        .unwrap();
    let hidden: String = site.value("SELECT attname::text FROM pg_attribute WHERE attrelid = 'leads'::regclass AND attname LIKE 'concertina%' AND atttypid = 'int'::regtype").await;
    let insert = format!("INSERT INTO leads (email, {hidden}) VALUES ('s1', NULL) RETURNING score");
    assert_eq!(one(&site.client, &insert).await, some(&["NULL"]));
    site.client
        .batch_execute("RESET concertina.version")
        .await
        .unwrap();
    // COPY gives what a version sees.
    drop(
        new.copy_out("COPY (SELECT id, spot FROM leads) TO STDOUT")
            .await
            .unwrap(),
    );
}

/// Rights are those on the table.
async fn rights(new: &Client) {
    for (role, sql, may) in [
        ("reader", "SELECT count(spot) FROM leads", true),
        ("reader", "UPDATE leads SET spot = 'r'", false),
        ("clerk", "UPDATE leads SET spot = 'c' WHERE id = 1", true),
        ("clerk", "SELECT email FROM leads", false),
    ] {
        let got = new
            .batch_execute(&format!("BEGIN; SET LOCAL ROLE {role}; {sql}; COMMIT"))
            .await;
        new.batch_execute("ROLLBACK").await.unwrap();
        assert_eq!(got.is_ok(), may, "{role}: {sql}: {got:?}");
    }
}

/// The version before it comes back, and both can be used until contract.
async fn down_again(site: &Site, new: &Client) {
    site.run(&["downgrade", "-1", "--allow-data-loss"]).ends(3);
    let old = of_version(site, "001").await;
    assert_eq!(
        one(&old, "SELECT place, score FROM leads WHERE id = 5").await,
        some(&["p5", "5"])
    );
    assert_eq!(
        one(
            &old,
            "UPDATE leads SET score = '6', place = 'q' WHERE id = 5 RETURNING score"
        )
        .await,
        some(&["6"])
    );
    assert_eq!(
        one(new, "SELECT spot, score FROM leads WHERE id = 5").await,
        some(&["q", "6"])
    );
    assert_eq!(
        one(
            new,
            "UPDATE leads SET score = 4 WHERE id = 5 RETURNING spot"
        )
        .await,
        some(&["q"])
    );
    assert_eq!(
        one(&old, "SELECT score FROM leads WHERE id = 5").await,
        some(&["4"])
    );
    site.run(&["contract"]).ends(0);
    assert_eq!(
        one(&old, "SELECT place, score FROM leads WHERE id = 5").await,
        some(&["q", "4"])
    );
    assert!(
        new.batch_execute("SELECT spot FROM leads").await.is_err(),
        "its schema is gone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_version_of_the_code_sees_its_own_names_types_and_defaults() {
    let site = site(&[
        ("001_first", "CREATE TABLE tags (name text PRIMARY KEY);"),
        ("002_change", CHANGE),
    ])
    .await;
    // Nothing is older than the first version: it is done to the end. The second waits.
    site.run(&["upgrade"]).ends(3);
    assert_eq!(
        site.run(&["latest-schema"]).ends(0).out.trim(),
        "public_002_change"
    );
    let (old, new) = (
        of_version(&site, "001").await,
        of_version(&site, "002").await,
    );

    names_and_types(&site, &old, &new).await;

    writes(&old, &new).await;

    past_the_views(&site, &new).await;

    rights(&new).await;

    // Contract takes the old version away, and the new one goes on.
    site.run(&["contract"]).ends(0);
    assert_eq!(
        one(&new, "SELECT spot, score FROM leads WHERE id = 5").await,
        some(&["p5", "5"])
    );
    assert_eq!(
        one(
            &new,
            "INSERT INTO leads (email) VALUES ('n3') RETURNING score, tag"
        )
        .await,
        some(&["7", "none"])
    );
    assert_eq!(
        one(
            &site.client,
            "SELECT spot, score FROM public.leads WHERE email = 'n1'"
        )
        .await,
        some(&["here", "7"])
    );
    assert!(old.batch_execute("SELECT place FROM leads").await.is_err());
    let left = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'public\\_%'";
    assert_eq!(site.value::<i64>(left).await, 1);

    down_again(&site, &new).await;

    site.run(&["upgrade", "--contract"]).ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_leaves_nothing_of_a_version_and_the_older_one_as_it_was() {
    let site = site(&[("001_first", "CREATE TABLE tags (name text PRIMARY KEY);")]).await;
    site.run(&["upgrade"]).ends(0);
    let start = site.schema();
    site.revision("002_change", CHANGE);
    site.run(&["upgrade"]).ends(3);
    site.revision(
        "003_more",
        "ALTER TABLE leads ADD COLUMN more int; CREATE TABLE others (id int PRIMARY KEY);",
    );
    site.run(&["upgrade"]).ends(3);
    // Behind two contracts: names of the end over what is stored.
    let newest = of_version(&site, "003").await;
    assert_eq!(
        one(
            &newest,
            "SELECT spot, score + 1, more FROM leads WHERE id = 5"
        )
        .await,
        some(&["p5", "6", "NULL"])
    );
    assert_eq!(
        one(
            &newest,
            "INSERT INTO leads (email, score) VALUES ('m', NULL) RETURNING score"
        )
        .await,
        some(&["NULL"])
    );
    site.run(&["rollback"]).ends(0);
    site.run(&["rollback"]).ends(0);
    assert_eq!(site.schema(), start);
    assert_eq!(
        site.run(&["latest-schema"]).ends(0).out.trim(),
        "public_001_first"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_shows_each_tenant_its_own_rows() {
    let schema = "CREATE TABLE notes (id int PRIMARY KEY, tenant text, body text);
        INSERT INTO notes SELECT g, 't' || g % 2, '' FROM generate_series(1, 100) g;
        CREATE ROLE app; GRANT SELECT, INSERT ON notes TO app;
        CREATE POLICY own ON notes USING (tenant = current_setting('app.tenant', true));
        ALTER TABLE notes ENABLE ROW LEVEL SECURITY;";
    let site = Site::new(
        schema,
        &[("001", "ALTER TABLE notes RENAME COLUMN body TO words;")],
    )
    .await;
    std::fs::write(site.folder.path().join("concertina.toml"), SETTINGS).unwrap();
    let said = site.run(&["upgrade"]);
    if major(&site.client).await < 15 {
        let said = said.ends(1);
        assert!(
            said.err.contains("C119") && said.err.contains("row-level security"),
            "{}",
            said.err
        );
        return;
    }
    // Code that doesn't name its version still says the old name.
    said.ends(3);
    let app = of_version(&site, "001").await;
    app.batch_execute("SET ROLE app; SET app.tenant = 't1'")
        .await
        .unwrap();
    assert_eq!(
        one(&app, "SELECT count(words) FROM notes").await,
        some(&["50"])
    );
    assert!(
        app.batch_execute("INSERT INTO notes VALUES (101, 't0', '')")
            .await
            .is_err()
    );
    app.batch_execute("INSERT INTO notes VALUES (101, 't1', '')")
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_versions_can_not_do_is_said() {
    let site = site(&[("001_first", "CREATE TABLE tags (name text PRIMARY KEY);")]).await;
    let said = site.run(&["latest-schema"]).ends(1);
    assert!(said.err.contains("versions = true"), "{}", said.err);
    site.run(&["upgrade"]).ends(0);
    let said = site.run(&["version-url", "009"]).ends(1);
    assert!(said.err.contains("001_first"), "{}", said.err);
    // Whoever migrates by the search_path of a version would migrate its views.
    let url = site.run(&["version-url"]).ends(0).out;
    let said = site.run(&["--url", url.trim(), "plan"]).ends(1);
    assert!(
        said.err.contains("search_path") && said.err.contains("public_001_first"),
        "{}",
        said.err
    );
    // A later statement that names the column by its new name finds it only at contract.
    site.revision(
        "002",
        "ALTER TABLE leads RENAME COLUMN place TO spot; UPDATE leads SET spot = 'x' WHERE spot IS NULL;",
    );
    let said = site.run(&["plan"]).ends(0);
    assert!(said.out.contains("H12"), "{}", said.out);
    site.client
        .batch_execute("UPDATE leads SET place = NULL WHERE id <= 40")
        .await
        .unwrap();
    site.run(&["upgrade"]).ends(3);
    site.run(&["contract"]).ends(0);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM leads WHERE spot = 'x'")
            .await,
        40
    );
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM leads WHERE spot IS NULL")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_write_through_their_schemas_while_it_changes_up_and_down() {
    let schema = "CREATE TABLE leads (id bigint PRIMARY KEY, place text NOT NULL, at timestamptz DEFAULT now());
        CREATE INDEX leads_place ON leads (place);
        INSERT INTO leads SELECT g, 'p' || g % 100 FROM generate_series(1, 200000) g; ANALYZE;";
    let site = Site::new(
        schema,
        &[("001_first", "CREATE TABLE tags (name text PRIMARY KEY);")],
    )
    .await;
    std::fs::write(site.folder.path().join("concertina.toml"), SETTINGS).unwrap();
    site.run(&["upgrade"]).ends(0);
    site.revision(
        "002_spot",
        "ALTER TABLE leads RENAME COLUMN place TO spot;
         -- concertina: reverse (at AT TIME ZONE 'UTC')
         ALTER TABLE leads ALTER COLUMN at TYPE timestamp USING at AT TIME ZONE 'UTC';",
    );
    let mut seen = std::collections::HashMap::new();
    let stop_old = Arc::new(AtomicBool::new(false));
    let old = tokio::spawn(version(
        of_version(&site, "001").await,
        "place",
        0,
        Arc::clone(&stop_old),
    ));
    site.run(&["upgrade", "--eager"]).ends(3);
    let stop_new = Arc::new(AtomicBool::new(false));
    let new = tokio::spawn(version(
        of_version(&site, "002").await,
        "spot",
        1,
        Arc::clone(&stop_new),
    ));
    tokio::time::sleep(Duration::from_millis(300)).await;
    stop_old.store(true, Ordering::Relaxed);
    seen.extend(old.await.unwrap());
    site.run(&["contract"]).ends(0);
    // And back: the old version is there again before the new one goes.
    site.run(&["downgrade", "-1", "--eager"]).ends(3);
    let stop_old = Arc::new(AtomicBool::new(false));
    let old = tokio::spawn(version(
        of_version(&site, "001").await,
        "place",
        2,
        Arc::clone(&stop_old),
    ));
    tokio::time::sleep(Duration::from_millis(300)).await;
    stop_new.store(true, Ordering::Relaxed);
    seen.extend(new.await.unwrap());
    site.run(&["contract"]).ends(0);
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop_old.store(true, Ordering::Relaxed);
    seen.extend(old.await.unwrap());
    assert!(seen.len() > 200, "{} rows were written", seen.len());
    for row in site
        .client
        .query("SELECT id, place FROM leads", &[])
        .await
        .unwrap()
    {
        if let Some(written) = seen.remove(&row.get::<_, i64>(0)) {
            assert_eq!(row.get::<_, String>(1), written);
        }
    }
    assert!(seen.is_empty(), "{} rows are lost", seen.len());
}
