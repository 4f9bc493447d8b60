//! A fault that is planted in a plan is stopped by the rehearsal in every command, before the first
//! change.

use crate::fixture::{Said, Site, said};
use crate::lifecycle::rows;

const LEADS: &str = "CREATE TABLE leads (id int PRIMARY KEY, email text, at timestamptz);
    INSERT INTO leads SELECT g, 'lead' || g FROM generate_series(1, 4000) g;
    CREATE TABLE calls (id int PRIMARY KEY, place text);
    INSERT INTO calls SELECT g, 'p' || g FROM generate_series(1, 4000) g;
    CREATE INDEX calls_place ON calls (place); ANALYZE;";

fn run(site: &Site, words: &[&str], fault: Option<&str>) -> Said {
    let mut command = site.command(words);
    command.env("CONCERTINA_REHEARSE", "always");
    if let Some(fault) = fault {
        command.env("CONCERTINA_PLANTED", fault);
    }
    said(&command.output().unwrap())
}

/// Everything that is in the database but our records.
async fn all_of(site: &Site) -> (String, Vec<(String, String)>) {
    let rows = rows(&site.client).await;
    (site.schema(), rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn check_and_upgrade_stop_a_plan_that_ends_otherwise() {
    let change = "UPDATE leads SET email = upper(email); ALTER TABLE leads ALTER COLUMN email SET NOT NULL;\n\
                  CREATE INDEX by_email ON leads (email);\nALTER TABLE calls ALTER COLUMN id TYPE bigint;";
    let site = Site::new(LEADS, &[("001_change", change)]).await;
    // The schema of our records is there before and after.
    run(&site, &["upgrade"], Some("lost create_index"))
        .ends(1)
        .says("error[C123]");
    let before = all_of(&site).await;
    let mut faults = vec![
        (
            "lost create_index",
            "index public.by_email on public.leads: psql leaves it, the plan doesn't",
        ),
        ("lost rename_column", "id"),
    ];
    // From PostgreSQL 18 on other parts stand for it.
    if site
        .value::<i32>("SELECT current_setting('server_version_num')::int")
        .await
        < 180_000
    {
        faults.push(("lost set_not_null", "email"));
    }
    for (fault, words) in faults {
        run(&site, &["check"], Some(fault))
            .ends(2)
            .says("error[C123]")
            .says(words);
        for verb in [&["upgrade"][..], &["upgrade", "--contract"], &["plan"]] {
            run(&site, verb, Some(fault))
                .ends(1)
                .says("error[C123]")
                .says(words)
                .says("001_change.sql:1");
        }
        assert_eq!(all_of(&site).await, before, "{fault}");
        assert_eq!(
            site.value::<i64>("SELECT count(*) FROM concertina.revision")
                .await,
            0,
            "{fault}"
        );
    }
    // The same plan without a fault isn't taken for one that was refused.
    run(&site, &["upgrade", "--contract"], None).ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_and_upgrade_stop_a_plan_that_leaves_other_rows() {
    let change =
        "UPDATE leads SET email = upper(email);\nALTER TABLE calls ALTER COLUMN id TYPE bigint;";
    let site = Site::new(LEADS, &[("001_change", change)]).await;
    let before = rows(&site.client).await;
    let fault = Some("lost as_written");
    run(&site, &["check"], fault)
        .ends(2)
        .says("error[C123]")
        .says("rows of public.leads");
    run(&site, &["upgrade"], fault)
        .ends(1)
        .says("error[C123]")
        .says("rows of public.leads");
    site.client
        .batch_execute("DROP SCHEMA concertina CASCADE")
        .await
        .unwrap();
    assert_eq!(rows(&site.client).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn downgrade_stops_a_plan_that_ends_otherwise() {
    let by_hand = "ALTER TABLE leads ADD COLUMN more int;\n-- down\nALTER TABLE leads DROP COLUMN more;\nCREATE INDEX back ON leads (at);";
    let site = Site::new(
        LEADS,
        &[
            ("001_derived", "DROP INDEX calls_place;"),
            ("002_by_hand", by_hand),
        ],
    )
    .await;
    run(&site, &["upgrade", "--contract"], None).ends(0);
    let before = all_of(&site).await;
    for target in ["-1", "base"] {
        let said = run(
            &site,
            &["downgrade", target, "--contract"],
            Some("lost create_index"),
        )
        .ends(1);
        said.says("error[C123]")
            .says("back on public.leads: psql leaves it, the plan doesn't");
        assert_eq!(all_of(&site).await, before);
        run(&site, &["current"], None)
            .ends(0)
            .says("002_by_hand (applied)");
    }
    run(&site, &["downgrade", "-1", "--contract"], None).ends(0);
    let before = all_of(&site).await;
    let said = run(
        &site,
        &["downgrade", "base", "--contract"],
        Some("lost create_index"),
    )
    .ends(1);
    said.says("error[C123]").says("calls_place");
    assert_eq!(all_of(&site).await, before);
    run(&site, &["downgrade", "base", "--contract"], None).ends(0);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM concertina.revision")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn contract_stops_where_others_have_changed_what_it_would_lose() {
    let site = Site::new(
        LEADS,
        &[("001_wide", "ALTER TABLE leads ALTER COLUMN id TYPE bigint;")],
    )
    .await;
    run(&site, &["upgrade"], None).ends(3);
    site.client
        .batch_execute("CREATE INDEX by_hand ON leads (id)")
        .await
        .unwrap();
    let before = all_of(&site).await;
    for verb in [&["contract"][..], &["upgrade", "--contract"]] {
        let said = run(&site, verb, None).ends(1);
        said.says("error[C123]")
            .says("index public.by_hand on public.leads")
            .says("rollback");
        assert_eq!(all_of(&site).await, before);
        run(&site, &["current"], None).says("001_wide (waiting for contract)");
    }
    site.client
        .batch_execute("DROP INDEX by_hand")
        .await
        .unwrap();
    let said = run(&site, &["contract"], None).ends(0);
    assert!(!said.err.contains("rehearsed"), "{}", said.err);
    assert_eq!(
        site.value::<String>(
            "SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attrelid = 'leads'::regclass AND attname = 'id'"
        )
        .await,
        "bigint"
    );
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM pg_database WHERE datname LIKE 'concertina\\_%'")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_behind_one_that_waits_is_rehearsed_as_well() {
    let site = Site::new(
        LEADS,
        &[("001_wide", "ALTER TABLE leads ALTER COLUMN id TYPE bigint;")],
    )
    .await;
    run(&site, &["upgrade"], None).ends(3);
    site.revision(
        "002_index",
        "CREATE INDEX by_id ON calls (id);\nALTER TABLE calls ADD COLUMN more int DEFAULT 5;",
    );
    let before = all_of(&site).await;
    let fault = Some("lost create_index");
    run(&site, &["check"], fault)
        .ends(2)
        .says("error[C123]")
        .says("by_id on public.calls");
    run(&site, &["upgrade"], fault)
        .ends(1)
        .says("error[C123]")
        .says("by_id on public.calls")
        .says("002_index.sql:1");
    assert_eq!(all_of(&site).await, before);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM concertina.revision")
            .await,
        1
    );
    let checked = run(&site, &["check"], None).ends(0);
    assert!(!checked.out.contains("H16"), "{}", checked.out);
    run(&site, &["upgrade"], None).ends(3);
    run(&site, &["contract"], None).ends(0);
    run(&site, &["current"], None).says("002_index (applied)");
}
