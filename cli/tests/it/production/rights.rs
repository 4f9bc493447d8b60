//! Roles that may little: by SET ROLE, with few connections, without the right to make things or to
//! see what others do.

use super::{LEADS, LOWER, WRONG, at, url_of};
use crate::fixture::Site;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_becomes_another_works() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    site.client
        .batch_execute(
            "CREATE ROLE owner NOLOGIN; CREATE ROLE deployer LOGIN NOINHERIT IN ROLE owner; ALTER ROLE deployer SET role = owner;
             GRANT CREATE ON DATABASE site TO owner; GRANT ALL ON SCHEMA public TO owner; ALTER TABLE leads OWNER TO owner;
             CREATE ROLE plain LOGIN NOINHERIT IN ROLE owner;",
        )
        .await
        .unwrap();
    let url = url_of(&site, "deployer");
    at(&site, &url, &["status"]).ends(0);
    at(&site, &url, &["plan"]).ends(0);
    at(&site, &url, &["upgrade"]).ends(3);
    let url = format!("{}&options=-crole%3Downer", url_of(&site, "plain"));
    at(&site, &url, &["status"]).ends(0);
    at(&site, &url, &["contract"]).ends(0);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_with_few_connections_works_with_what_it_gets_or_says_what_it_needs() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    site.client
        .batch_execute(
            "CREATE ROLE few LOGIN CONNECTION LIMIT 3; GRANT CREATE ON DATABASE site TO few; GRANT ALL ON SCHEMA public TO few;
             ALTER TABLE leads OWNER TO few;",
        )
        .await
        .unwrap();
    let before = site.schema();
    let began = std::time::Instant::now();
    let url = url_of(&site, "few");
    at(&site, &url, &["upgrade"])
        .ends(1)
        .says("4 connections")
        .says("CONNECTION LIMIT");
    assert!(began.elapsed().as_secs() < 10);
    assert_eq!(site.schema(), before);
    site.client
        .batch_execute("ALTER ROLE few CONNECTION LIMIT 4")
        .await
        .unwrap();
    at(&site, &url, &["upgrade"]).ends(3);
    at(&site, &url, &["contract"]).ends(0);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_a_later_step_needs_is_asked_for_before_the_first() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    site.client
        .batch_execute(
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE owner LOGIN; GRANT CREATE ON DATABASE site TO owner;
             ALTER TABLE leads OWNER TO owner;",
        )
        .await
        .unwrap();
    let before = site.schema();
    let url = url_of(&site, "owner");
    at(&site, &url, &["plan"])
        .ends(0)
        .says("GRANT CREATE ON SCHEMA public TO owner");
    at(&site, &url, &["upgrade"])
        .ends(1)
        .says("GRANT CREATE ON SCHEMA public TO owner");
    assert_eq!(site.schema(), before);
    site.client
        .batch_execute("GRANT CREATE ON SCHEMA public TO owner")
        .await
        .unwrap();
    at(&site, &url, &["upgrade"]).ends(3);
    at(&site, &url, &["contract"]).ends(0);
}

/// Memberships of PostgreSQL 16 and later: each says by itself whether rights are inherited, and
/// whether the role may be taken.
#[tokio::test(flavor = "multi_thread")]
async fn a_membership_with_options_works_or_is_refused_before_anything_changes() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    if site
        .value::<i32>("SELECT current_setting('server_version_num')::int")
        .await
        < 160_000
    {
        return;
    }
    site.client
        .batch_execute(
            "CREATE ROLE owner NOLOGIN; GRANT CREATE ON DATABASE site TO owner; GRANT ALL ON SCHEMA public TO owner;
             ALTER TABLE leads OWNER TO owner;
             CREATE ROLE manages LOGIN; GRANT owner TO manages WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
             CREATE ROLE waits LOGIN; GRANT owner TO waits WITH INHERIT FALSE, SET TRUE;
             CREATE ROLE becomes LOGIN; GRANT owner TO becomes WITH INHERIT FALSE, SET TRUE; ALTER ROLE becomes SET role = owner;
             CREATE ROLE inherits LOGIN; GRANT owner TO inherits WITH INHERIT TRUE, SET FALSE;
             GRANT CREATE ON DATABASE site TO manages, waits;",
        )
        .await
        .unwrap();
    let before = site.schema();
    for role in ["manages", "waits"] {
        let url = url_of(&site, role);
        at(&site, &url, &["doctor"])
            .says("leads")
            .says("belong to others");
        at(&site, &url, &["upgrade"]).ends(1).says("owner");
        assert_eq!(site.schema(), before, "{role}");
        assert_eq!(
            site.value::<i64>("SELECT count(*) FROM concertina.revision")
                .await,
            0,
            "{role}"
        );
        site.client
            .batch_execute("DROP SCHEMA concertina CASCADE")
            .await
            .unwrap();
    }
    at(&site, &url_of(&site, "waits"), &["doctor"]).says("ALTER ROLE waits SET role = OWNER");
    at(&site, &url_of(&site, "becomes"), &["upgrade"]).ends(3);
    at(&site, &url_of(&site, "becomes"), &["contract"]).ends(0);
    at(
        &site,
        &url_of(&site, "becomes"),
        &["downgrade", "base", "--contract", "--allow-data-loss"],
    )
    .ends(0);
    site.client
        .batch_execute("DROP SCHEMA concertina CASCADE")
        .await
        .unwrap();
    at(&site, &url_of(&site, "inherits"), &["upgrade"]).ends(3);
    at(&site, &url_of(&site, "inherits"), &["contract"]).ends(0);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_connections_are_told_before_a_run_and_refused_by_it() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    site.client
        .batch_execute(
            "CREATE ROLE few LOGIN; GRANT CREATE ON DATABASE site TO few; GRANT ALL ON SCHEMA public TO few; ALTER TABLE leads OWNER TO few;",
        )
        .await
        .unwrap();
    let url = url_of(&site, "few");
    // A session that has just ended is counted for a moment.
    let few = async |words: &[&str]| {
        while site
            .value::<i64>("SELECT count(*) FROM pg_stat_activity WHERE usename = 'few'")
            .await
            > 0
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        at(&site, &url, words)
    };
    let before = site.schema();
    let limited = async |limit: i32| {
        site.client
            .batch_execute(&format!("ALTER ROLE few CONNECTION LIMIT {limit}"))
            .await
            .unwrap();
    };
    limited(1).await;
    let told = "only 1 connection is left (CONNECTION LIMIT 1 of role few): a run needs 2 at once, and 4 where it fills rows";
    few(&["doctor"])
        .await
        .ends(1)
        .says(&format!("wrong: {told}"));
    few(&["plan"]).await.ends(0).says(told);
    few(&["upgrade"])
        .await
        .ends(1)
        .says("needs 2 connections at once, and only 1 can be had")
        .says("upgrade --sql");
    limited(3).await;
    few(&["doctor"])
        .await
        .ends(0)
        .says("warning: only 3 connections are left (CONNECTION LIMIT 3 of role few)");
    few(&["upgrade"]).await.ends(1).says("4 connections");
    assert_eq!(site.schema(), before);
    limited(4).await;
    let said = few(&["doctor"]).await.ends(0);
    assert!(!said.out.contains("left"), "{}", said.out);
    limited(-1).await;
    site.client
        .batch_execute("ALTER DATABASE site CONNECTION LIMIT 3")
        .await
        .unwrap();
    few(&["doctor"])
        .await
        .ends(0)
        .says("CONNECTION LIMIT 3 of database site");
    // With one connection psql runs the same plan.
    limited(1).await;
    let script = few(&["upgrade", "--contract", "--sql"]).await.ends(0).out;
    let file = site.folder.path().join("script.sql");
    std::fs::write(&file, script).unwrap();
    let ran = std::process::Command::new("psql")
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &url, "-f"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    few(&["status"]).await.ends(0);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
}
