//! Nobody waits for us longer than the lock timeout.

use crate::fixture::{Site, TEAM, WRONG, leads, run, settings};
use concertina_engine::{Error, Settings, Until};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn impatient() -> Settings {
    Settings {
        lock_budget: Duration::from_secs(2),
        ..settings()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_in_the_way_is_named_and_nothing_is_changed() {
    let site = Site::new(&leads(100)).await;
    let before = site.server.dump_schema("site").unwrap();
    let other = site.server.connect("site").await.unwrap();
    other
        .batch_execute("SET application_name = 'report'; BEGIN; SELECT * FROM leads LIMIT 1;")
        .await
        .unwrap();
    let pid: i32 = other
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .unwrap()
        .get(0);
    let error = run(&site.engine(impatient()).0, TEAM, Until::Backfilled)
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::LockBudget { .. }), "{text}");
    assert!(
        text.contains(&format!(
            "pid {pid} (postgres, report), idle in transaction"
        )),
        "{text}"
    );
    assert_eq!(site.server.dump_schema("site").unwrap(), before);
    other.batch_execute("COMMIT").await.unwrap();
    site.run(TEAM, Until::Contracted).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_and_writers_go_on_while_a_lock_is_out_of_reach() {
    let site = Site::new(&leads(1_000)).await;
    let other = site.server.connect("site").await.unwrap();
    other
        .batch_execute("BEGIN; SELECT * FROM leads LIMIT 1;")
        .await
        .unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let client = site.server.connect("site").await.unwrap();
    let seen = Arc::clone(&stop);
    let reader = tokio::spawn(async move {
        let mut longest = Duration::ZERO;
        while !seen.load(Ordering::Relaxed) {
            let began = Instant::now();
            client
                .batch_execute("SELECT * FROM leads WHERE id = 5")
                .await
                .unwrap();
            client
                .batch_execute("UPDATE leads SET score = score + 1 WHERE id = 5")
                .await
                .unwrap();
            longest = longest.max(began.elapsed());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        longest
    });
    let patient = Settings {
        lock_budget: Duration::from_secs(5),
        ..settings()
    };
    let error = run(&site.engine(patient).0, TEAM, Until::Backfilled)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::LockBudget { .. }), "{error}");
    stop.store(true, Ordering::Relaxed);
    let longest = reader.await.unwrap();
    // Without the ladder they would have waited for the whole budget. Two statements, a timeout
    // each, and slack.
    assert!(
        longest < Duration::from_secs(2),
        "someone waited {longest:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_index_left_by_a_failed_build_is_built_again() {
    let site = Site::new("CREATE TABLE t (id int, n int); INSERT INTO t SELECT g, g FROM generate_series(1, 1000) g; INSERT INTO t VALUES (1, 1);").await;
    assert!(
        site.client
            .batch_execute("CREATE UNIQUE INDEX CONCURRENTLY t_n ON t (n)")
            .await
            .is_err()
    );
    assert!(
        !site
            .value::<bool>("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_n'::regclass")
            .await
    );
    let sql = "CREATE INDEX t_n ON t (n);";
    // Made by someone else before planning, it is refused; what matters is the leftover of a build
    // of ours.
    site.client.batch_execute("DROP INDEX t_n").await.unwrap();
    let (engine, stopper) = site.engine(settings());
    stopper.stop();
    assert!(matches!(
        run(&engine, sql, Until::Contracted).await,
        Err(Error::Interrupted)
    ));
    assert!(
        site.client
            .batch_execute("CREATE UNIQUE INDEX CONCURRENTLY t_n ON t (n)")
            .await
            .is_err()
    );
    site.run(sql, Until::Contracted).await.unwrap();
    assert!(
        site.value::<bool>("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_n'::regclass")
            .await
    );
    assert!(
        !site
            .value::<bool>("SELECT indisunique FROM pg_index WHERE indexrelid = 't_n'::regclass")
            .await
    );
    assert!(
        site.told().contains("dropping index t_n, left invalid"),
        "{}",
        site.told()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_fails_leaves_no_invalid_index() {
    let site = Site::new("CREATE TABLE t (id int, n int); INSERT INTO t SELECT g, g FROM generate_series(1, 1000) g; INSERT INTO t VALUES (7, 7);").await;
    let error = site
        .run("CREATE UNIQUE INDEX t_n ON t (n);", Until::Contracted)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("Key (n)=(7) is duplicated"),
        "{error}"
    );
    assert!(
        site.value::<bool>("SELECT to_regclass('t_n') IS NULL")
            .await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_engines_do_not_work_at_once() {
    let site = Site::new("CREATE TABLE t (id int)").await;
    let first = site.engine(settings()).0;
    let held = first.lease().await.unwrap();
    let second = site.engine(settings()).0;
    let Err(error) = second.lease().await else {
        panic!("two leases at once")
    };
    let text = error.to_string();
    assert!(
        matches!(error, Error::Busy { .. })
            && text.contains("pid ")
            && text.contains("user postgres"),
        "{text}"
    );
    drop(held);
    for _ in 0..100 {
        if second.lease().await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the lock outlived its holder");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_build_waits_for_old_snapshots_and_says_for_whom() {
    let site = Site::new(&leads(1_000)).await;
    let other = site.server.connect("site").await.unwrap();
    other
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM owners;")
        .await
        .unwrap();
    let release = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(3)).await;
        other.batch_execute("COMMIT").await.unwrap();
    });
    site.run(
        "CREATE INDEX leads_score ON leads (score);",
        Until::Contracted,
    )
    .await
    .unwrap();
    release.await.unwrap();
    assert!(site.told().contains("queued: true"), "{}", site.told());
    assert!(
        site.value::<bool>(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = 'leads_score'::regclass"
        )
        .await
    );
}

/// Every table is old to this server: its vacuums to prevent wraparound begin after the fewest
/// transactions there may be.
const OLD: [(&str, &str); 5] = [
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("autovacuum_freeze_max_age", "100000"),
    ("autovacuum_naptime", "1s"),
    ("autovacuum_vacuum_cost_delay", "0"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_vacuum_to_prevent_wraparound_is_waited_for_outside_of_the_queue() {
    let site = Site::with(&leads(1_000), &OLD).await;
    // Slow on this table alone: some seconds for its pages.
    let slow = "ALTER TABLE leads SET (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)";
    site.client.batch_execute(slow).await.unwrap();
    let burn =
        "DO $$ BEGIN FOR turn IN 1..110000 LOOP PERFORM txid_current(); COMMIT; END LOOP; END $$";
    site.client.batch_execute(burn).await.unwrap();
    let vacuum = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'autovacuum: VACUUM%public.leads (to prevent wraparound)'";
    let began = Instant::now();
    while site.value::<i64>(vacuum).await == 0 {
        assert!(began.elapsed() < Duration::from_mins(1), "no vacuum came");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let engine = site.engine(settings()).0;
    let running = tokio::spawn(async move { run(&engine, TEAM, Until::Contracted).await });
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(site.value::<i64>(vacuum).await, 1, "it is still at work");
    assert!(!running.is_finished());
    let told = site.told();
    assert!(
        told.contains("vacuum to prevent wraparound") && !told.contains("queued: true"),
        "{told}"
    );
    running.await.unwrap().unwrap();
    assert_eq!(site.value::<i64>(WRONG).await, 0);
}
