//! Roles that may little: by SET ROLE, with few connections, without the right to make things or to see what others do.

use super::{LEADS, LOWER, WRONG, at, url_of};
use crate::fixture::Site;

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
    at(&site, &url, &["upgrade"]).ends(1).says("4 connections").says("CONNECTION LIMIT");
    assert!(began.elapsed().as_secs() < 10);
    assert_eq!(site.schema(), before);
    site.client.batch_execute("ALTER ROLE few CONNECTION LIMIT 4").await.unwrap();
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
    at(&site, &url, &["plan"]).ends(0).says("GRANT CREATE ON SCHEMA public TO owner");
    at(&site, &url, &["upgrade"]).ends(1).says("GRANT CREATE ON SCHEMA public TO owner");
    assert_eq!(site.schema(), before);
    site.client.batch_execute("GRANT CREATE ON SCHEMA public TO owner").await.unwrap();
    at(&site, &url, &["upgrade"]).ends(3);
    at(&site, &url, &["contract"]).ends(0);
}
