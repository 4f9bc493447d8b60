//! A server that is far away, so that several batches are under way at a time; and walks with
//! little to do.

use crate::fixture::{Site, TEAM, WRONG, leads, run, settings};
use concertina_engine::{Connect, Engine, Outcome, Settings, Until};
use concertina_sandbox::Proxy;
use std::sync::Arc;
use std::time::Duration;

/// An engine with a line of so many milliseconds, each way, between it and the server.
async fn far(site: &Site, each_way: u64, settings: Settings) -> (Engine, Proxy) {
    let proxy = Proxy::start(site.server.port()).await.unwrap();
    proxy.delay(Duration::from_millis(each_way));
    let url = format!(
        "postgres://postgres@127.0.0.1:{}/site?sslmode=disable",
        proxy.port()
    );
    let kept = Arc::clone(&site.events);
    let told = Arc::new(move |event| kept.lock().unwrap().push(event));
    (
        Engine::new(Connect::parse(&url).unwrap(), settings, told).0,
        proxy,
    )
}

const COUNTED: &str = "SELECT coalesce(sum(rows), 0)::bigint FROM concertina.range";

async fn until_counted(site: &Site, rows: i64) {
    for _ in 0..4_000 {
        let is_there = site
            .value::<bool>("SELECT to_regclass('concertina.range') IS NOT NULL")
            .await;
        if is_there && site.value::<i64>(COUNTED).await >= rows {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the backfill didn't get to {rows} rows: {}", site.told());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_behind_a_batch_that_fails_is_done_again_and_counted_once() {
    let site = Site::new(&leads(40_000)).await;
    // Batches of one window's quarter, several of which are under way.
    let settings = Settings {
        workers: 1,
        lock_timeout: Duration::from_millis(40),
        ..settings()
    };
    let (engine, proxy) = far(&site, 4, settings).await;
    let in_the_way = async {
        for at in [4_000_i64, 9_000, 14_000] {
            until_counted(&site, at).await;
            // A row that is still to come.
            let client = site.server.connect("site").await.unwrap();
            let sql = format!(
                "BEGIN; SELECT FROM leads WHERE id IN ({}, {}) FOR UPDATE",
                at + 1_500,
                at + 2_500
            );
            client.batch_execute(&sql).await.unwrap();
            tokio::time::sleep(Duration::from_millis(300)).await;
            client.batch_execute("COMMIT").await.unwrap();
        }
        until_counted(&site, 20_000).await;
        proxy.cut();
        until_counted(&site, 25_000).await;
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'concertina backfill'";
        site.value::<i64>(end).await;
    };
    let (ended, ()) = tokio::join!(run(&engine, TEAM, Until::Backfilled), in_the_way);
    assert_eq!(ended.unwrap(), Outcome::WaitingForContract);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
    assert_eq!(
        site.value::<i64>(COUNTED).await,
        40_000,
        "the checkpoints count every row once"
    );
}

/// The passes of the windows after a run of an UPDATE where so many of a thousand rows are to be
/// changed.
async fn passes(per_thousand: u32) -> (i64, i64, i64) {
    let site = Site::new(&leads(20_000)).await;
    let to_do = format!(
        "UPDATE leads SET score = 7 WHERE id % 1000 >= {per_thousand}; VACUUM FULL leads; ANALYZE leads"
    );
    for statement in to_do.split("; ") {
        site.client.batch_execute(statement).await.unwrap();
    }
    // A value that can't be a default, so that rows are written.
    let sql = "UPDATE leads SET score = 7 WHERE score IS DISTINCT FROM 7";
    site.run(sql, Until::Contracted).await.unwrap();
    let wrong = site
        .value("SELECT count(*) FROM leads WHERE score IS DISTINCT FROM 7")
        .await;
    let most = site
        .value("SELECT max(passes)::bigint FROM concertina.range")
        .await;
    (wrong, most, site.value(COUNTED).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn few_rows_get_few_passes_and_none_get_a_look() {
    assert_eq!(passes(0).await, (0, 1, 0), "nothing to do");
    assert_eq!(passes(10).await, (0, 2, 200), "one row in a hundred");
    let (wrong, most, rows) = passes(1_000).await;
    assert_eq!((wrong, rows), (0, 20_000));
    assert!(most > 10, "all rows: {most}");
}
