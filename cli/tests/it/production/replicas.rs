//! Standbys, publications, and transactions that nobody runs any more.

use super::{LEADS, LOWER, WRONG, at, url_of};
use crate::fixture::{Site, said};
use std::process::Stdio;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_are_all_published_can_be_migrated() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    site.client
        .batch_execute("CREATE PUBLICATION everything FOR ALL TABLES")
        .await
        .unwrap();
    site.run(&["upgrade"]).ends(3);
    site.run(&["pause", "tonight"]).ends(0);
    site.run(&["resume"]).ends(0);
    site.run(&["contract"]).ends(0);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
    site.run(&["downgrade", "base", "--contract", "--allow-data-loss"])
        .ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_is_told_as_what_it_is() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    site.run(&["upgrade"]).ends(3);
    let standby = site.server.standby("second").await.unwrap();
    let url = standby.url("site");
    for _ in 0..100 {
        if at(&site, &url, &["status"]).out.contains("001_lower") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    at(&site, &url, &["status"]).ends(0);
    for words in [
        &["upgrade"] as &[&str],
        &["contract"],
        &["rollback"],
        &["pause", "tonight"],
        &["stamp", "head"],
    ] {
        let began = Instant::now();
        at(&site, &url, words)
            .ends(1)
            .says("standby")
            .says("primary");
        assert!(began.elapsed().as_secs() < 5, "{words:?}");
    }
    let nothing = site.server.url("nothing");
    at(&site, &nothing, &["status"])
        .ends(1)
        .says("database \"nothing\" does not exist")
        .says("CREATE DATABASE");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_a_synchronous_standby_says_so_and_can_be_stopped() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    site.client
        .batch_execute("ALTER SYSTEM SET synchronous_standby_names = 'gone'")
        .await
        .unwrap();
    site.client
        .batch_execute("SELECT pg_reload_conf()")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut command = site.command(&["upgrade"]);
    let engine = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    tokio::time::sleep(Duration::from_secs(4)).await;
    let began = Instant::now();
    let interrupted = std::process::Command::new("kill")
        .args(["-INT", &engine.id().to_string()])
        .status()
        .unwrap();
    assert!(interrupted.success());
    let said = said(&engine.wait_with_output().unwrap());
    assert!(began.elapsed().as_secs() < 4, "{:?}", began.elapsed());
    said.says("synchronous standby").says("gone");
    site.client
        .batch_execute("ALTER SYSTEM RESET synchronous_standby_names")
        .await
        .unwrap();
    site.client
        .batch_execute("SELECT pg_reload_conf()")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    site.run(&["upgrade"]).ends(3);
    site.run(&["contract"]).ends(0);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lag_that_is_not_shown_is_told_before_it_begins() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    let _standby = site.server.standby("second").await.unwrap();
    site.client
        .batch_execute(
            "CREATE ROLE migrator LOGIN; GRANT CREATE ON DATABASE site TO migrator; GRANT ALL ON SCHEMA public TO migrator;
             ALTER TABLE leads OWNER TO migrator;",
        )
        .await
        .unwrap();
    let url = url_of(&site, "migrator");
    at(&site, &url, &["doctor"]).says("GRANT pg_monitor TO migrator");
    at(&site, &url, &["plan"])
        .ends(0)
        .says("GRANT pg_monitor TO migrator");
    at(&site, &url, &["upgrade"])
        .ends(3)
        .says("GRANT pg_monitor TO migrator");
    site.client
        .batch_execute("GRANT pg_monitor TO migrator")
        .await
        .unwrap();
    let said = at(&site, &url, &["doctor"]);
    assert!(!said.out.contains("pg_monitor"), "{}", said.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prepared_transaction_in_the_way_is_named() {
    let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
    site.client
        .batch_execute("ALTER SYSTEM SET max_prepared_transactions = 5")
        .await
        .unwrap();
    let mut site = site;
    std::sync::Arc::get_mut(&mut site.server)
        .unwrap()
        .crash_and_restart(&[])
        .await
        .unwrap();
    let client = site.server.connect("site").await.unwrap();
    client
        .batch_execute("BEGIN; UPDATE leads SET email = email WHERE id = 1; PREPARE TRANSACTION 'forgotten one'")
        .await
        .unwrap();
    site.run(&["upgrade", "--lock-budget-s", "2"])
        .ends(1)
        .says("prepared transaction forgotten one")
        .says("ROLLBACK PREPARED 'forgotten one'");
    client
        .batch_execute("ROLLBACK PREPARED 'forgotten one'")
        .await
        .unwrap();
    site.run(&["upgrade"]).ends(3);
}
