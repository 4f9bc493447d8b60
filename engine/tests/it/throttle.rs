//! Signals on a real server: each can be asked, and what it says is obeyed and told.

use crate::fixture::{ID, Site, TEAM, WRONG, leads, run, settings};
use concertina_engine::{Event, Settings, Until};
use concertina_revisions::RevisionId;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn every_signal_has_a_say_and_the_work_is_done() {
    let site = Site::new(&leads(30_000)).await;
    let all = Settings {
        latency_budget_percent: Some(500),
        active_sessions_max: Some(100),
        throttle_query: Some("SELECT count(*) > 1000 FROM pg_stat_activity;".to_owned()),
        hours: Some("00:00-23:59 Europe/Berlin".parse().unwrap()),
        wal_bytes_per_second_max: Some(100_000_000),
        rows_per_second_max: Some(20_000),
        ..settings()
    };
    run(&site.engine(all).0, TEAM, Until::Backfilled)
        .await
        .unwrap();
    assert!(!site.told().contains("is ignored"), "{}", site.told());
    assert_eq!(site.value::<i64>(WRONG).await, 0);
}

async fn rows(site: &Site) -> i64 {
    if site
        .value::<bool>("SELECT to_regclass('concertina.range') IS NULL")
        .await
    {
        return 0;
    }
    site.value("SELECT coalesce(sum(rows), 0)::bigint FROM concertina.range")
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_pauses_and_resumes_a_run_from_outside() {
    let site = Site::new(&leads(40_000)).await;
    let slow = Settings {
        rows_per_second_max: Some(8_000),
        ..settings()
    };
    let (engine, _stopper) = site.engine(slow);
    let operator = site.engine(settings()).0;
    let (ended, ()) = tokio::join!(run(&engine, TEAM, Until::Backfilled), async {
        while rows(&site).await < 2_000 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        operator.pause("release night").await.unwrap();
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        let (first, told) = (
            rows(&site).await,
            operator.backfills(&RevisionId::new(ID)).await.unwrap(),
        );
        assert_eq!(told[0].throttle.as_deref(), Some("paused: release night"));
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert_eq!(rows(&site).await, first, "it stands still");
        operator.resume().await.unwrap();
    });
    ended.unwrap();
    assert_eq!(site.value::<i64>(WRONG).await, 0);
    let told = site.events.lock().unwrap().iter().any(|event| match event {
        Event::Progress(progress) => progress.throttle.as_deref() == Some("paused: release night"),
        _ => false,
    });
    assert!(told, "the reason is in the progress");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_of_the_users_own_holds_it_back() {
    let site = Site::new(&format!(
        "{} CREATE TABLE brake (on_hold boolean); INSERT INTO brake VALUES (true);",
        leads(20_000)
    ))
    .await;
    let braked = Settings {
        throttle_query: Some("SELECT on_hold FROM brake".to_owned()),
        ..settings()
    };
    let (engine, _stopper) = site.engine(Settings {
        rows_per_second_max: Some(5_000),
        ..braked
    });
    let (ended, ()) = tokio::join!(run(&engine, TEAM, Until::Backfilled), async {
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        let held = rows(&site).await;
        assert!(held < 10_000, "{held} rows although it is on hold");
        site.client
            .batch_execute("UPDATE brake SET on_hold = false")
            .await
            .unwrap();
    });
    ended.unwrap();
    assert!(site.told().contains("the throttle query says so"));
    assert_eq!(site.value::<i64>(WRONG).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn active_sessions_of_others_slow_it_down() {
    let site = Site::new(&leads(20_000)).await;
    let (engine, _stopper) = site.engine(Settings {
        rows_per_second_max: Some(6_000),
        active_sessions_max: Some(2),
        ..settings()
    });
    let busy: Vec<_> = {
        let mut busy = Vec::new();
        for _ in 0..4 {
            let client = site.server.connect("site").await.unwrap();
            busy.push(tokio::spawn(async move {
                client.batch_execute("SELECT pg_sleep(3)").await.unwrap();
            }));
        }
        busy
    };
    run(&engine, TEAM, Until::Backfilled).await.unwrap();
    for one in busy {
        one.await.unwrap();
    }
    assert!(
        site.told().contains("4 sessions are active, 2 may be"),
        "{}",
        site.told()
    );
    assert_eq!(site.value::<i64>(WRONG).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_falls_behind_stops_it_until_it_has_caught_up() {
    let site = Site::with(
        &leads(60_000),
        &[("fsync", "off"), ("wal_level", "replica")],
    )
    .await;
    let standby = site.server.standby("faraway").await.unwrap();
    let replica = standby.connect("site").await.unwrap();
    let careful = Settings {
        rows_per_second_max: Some(12_000),
        replica_lag_max: Duration::from_millis(700),
        ..settings()
    };
    let (engine, _stopper) = site.engine(careful);
    let (ended, ()) = tokio::join!(run(&engine, TEAM, Until::Backfilled), async {
        while rows(&site).await < 2_000 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        replica
            .batch_execute("SELECT pg_wal_replay_pause()")
            .await
            .unwrap();
        // The lag is told by what is replayed: it stops rising once nothing is, so the wait is for
        // the word.
        let mut told = String::new();
        for _ in 0..200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            told = site.told();
            if told.contains("standby faraway is") {
                break;
            }
        }
        replica
            .batch_execute("SELECT pg_wal_replay_resume()")
            .await
            .unwrap();
        assert!(told.contains("standby faraway is"), "{told}");
    });
    ended.unwrap();
    assert_eq!(site.value::<i64>(WRONG).await, 0);
}
