//! Runs that end before their end, and go on.

use crate::fixture::{Site, TEAM, WRONG, leads, run, settings};
use concertina_engine::{Error, Event, Outcome, Settings, Until};
use std::time::Duration;

/// Slow enough to be caught half way.
fn slow() -> Settings {
    Settings {
        rows_per_second_max: Some(30_000),
        ..settings()
    }
}

async fn until_rows(site: &Site, rows: i64) {
    for _ in 0..2_000 {
        let sql = "SELECT to_regclass('concertina.range') IS NOT NULL";
        if site.value::<bool>(sql).await {
            let done: i64 = site
                .value("SELECT coalesce(sum(rows), 0)::bigint FROM concertina.range")
                .await;
            if done >= rows {
                return;
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the backfill didn't get to {rows} rows: {}", site.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_ends_after_the_batch_in_hand_and_nothing_is_done_twice() {
    let site = Site::new(&leads(40_000)).await;
    let (engine, stopper) = site.engine(slow());
    let (ended, ()) = tokio::join!(run(&engine, TEAM, Until::Backfilled), async {
        until_rows(&site, 8_000).await;
        stopper.stop();
    });
    assert!(matches!(ended, Err(Error::Interrupted)), "{ended:?}");
    let before: i64 = site
        .value("SELECT count(*) FROM leads WHERE team_id IS NOT NULL")
        .await;
    let counted: i64 = site
        .value("SELECT sum(rows)::bigint FROM concertina.range")
        .await;
    assert_eq!(
        before, counted,
        "rows and checkpoint are committed together"
    );
    assert!((8_000..40_000).contains(&before), "{before}");
    // Row versions say who wrote them: what is done must not be touched again.
    let writes = "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'leads'";
    assert_eq!(
        site.run(TEAM, Until::Backfilled).await.unwrap(),
        Outcome::WaitingForContract
    );
    assert_eq!(site.value::<i64>(WRONG).await, 0);
    let resumed = site
        .events
        .lock()
        .unwrap()
        .iter()
        .any(|event| matches!(event, Event::RevisionBegun { resumed: true, .. }));
    assert!(resumed);
    assert_eq!(
        site.value::<i64>("SELECT sum(rows)::bigint FROM concertina.range")
            .await,
        40_000
    );
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(site.value::<i64>(writes).await, 40_000, "one update a row");
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_connections_are_made_again() {
    let site = Site::new(&leads(40_000)).await;
    let (engine, _stopper) = site.engine(slow());
    let end = |who: &str| {
        format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = '{who}'"
        )
    };
    let (ended, ()) = tokio::join!(run(&engine, TEAM, Until::Backfilled), async {
        until_rows(&site, 5_000).await;
        assert!(site.value::<i64>(&end("concertina backfill")).await > 0);
        until_rows(&site, 15_000).await;
        assert!(site.value::<i64>(&end("concertina")).await > 0);
        until_rows(&site, 20_000).await;
        site.value::<i64>(&end("concertina monitor")).await;
        site.value::<i64>(&end("concertina ddl")).await;
    });
    assert_eq!(ended.unwrap(), Outcome::WaitingForContract);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
    assert_eq!(
        site.value::<i64>("SELECT sum(rows)::bigint FROM concertina.range")
            .await,
        40_000
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_of_the_server_loses_data_and_checkpoint_together() {
    let config = [("fsync", "on"), ("synchronous_commit", "on")];
    let mut site = Site::with(&leads(40_000), &config).await;
    let engine = site.engine(slow()).0;
    let running = tokio::spawn(async move { run(&engine, TEAM, Until::Backfilled).await });
    until_rows(&site, 10_000).await;
    site.server.crash_and_restart(&config).await.unwrap();
    site.client = site.server.connect("site").await.unwrap();
    let outcome = running.await.unwrap();
    assert_eq!(outcome.unwrap(), Outcome::WaitingForContract);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
    assert_eq!(
        site.value::<i64>("SELECT sum(rows)::bigint FROM concertina.range")
            .await,
        40_000
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewritten_table_is_walked_again() {
    let site = Site::new(&leads(30_000)).await;
    let (engine, stopper) = site.engine(slow());
    let (ended, ()) = tokio::join!(run(&engine, TEAM, Until::Backfilled), async {
        until_rows(&site, 6_000).await;
        stopper.stop();
    });
    assert!(ended.is_err());
    // Rows change their places: the ranges mean nothing any more.
    site.client
        .batch_execute("CREATE INDEX by_email ON leads (md5(email)); CLUSTER leads USING by_email;")
        .await
        .unwrap();
    site.run(TEAM, Until::Backfilled).await.unwrap();
    assert!(site.told().contains("was rewritten since"));
    assert_eq!(site.value::<i64>(WRONG).await, 0);
}
