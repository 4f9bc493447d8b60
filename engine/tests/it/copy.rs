//! INSERT .. SELECT in batches.

use crate::fixture::{Site, leads, settings};
use concertina_engine::{Settings, Until};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Large enough that one statement is refused: more than 1,024 blocks.
const ROWS: u32 = 120_000;

const COPY: &str =
    "CREATE TABLE contacts (lead_id bigint PRIMARY KEY, email text NOT NULL, team_id bigint);
    INSERT INTO contacts (lead_id, email, team_id)
    SELECT l.id, lower(l.email), o.team_id FROM leads l JOIN owners o ON o.id = l.owner_id
    WHERE l.id % 3 > 0 ON CONFLICT (lead_id) DO NOTHING;";

const WRONG: &str =
    "SELECT count(*) FROM (SELECT l.id, lower(l.email), o.team_id FROM leads l JOIN owners o ON o.id = l.owner_id
    WHERE l.id % 3 > 0 EXCEPT SELECT * FROM contacts) AS missing";

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_copied_once_while_they_move_about() {
    let site = Site::new(&leads(ROWS)).await;
    let stop = Arc::new(AtomicBool::new(false));
    let client = site.server.connect("site").await.unwrap();
    let stopped = Arc::clone(&stop);
    let writer = tokio::spawn(async move {
        while !stopped.load(Ordering::Relaxed) {
            // A new version of the row may lie where the walk has been.
            let sql = "UPDATE leads SET score = score + 1 WHERE id = 1 + floor(random() * 120000)::bigint";
            client.execute(sql, &[]).await.unwrap();
        }
    });
    site.run(COPY, Until::Backfilled).await.unwrap();
    stop.store(true, Ordering::Relaxed);
    writer.await.unwrap();
    assert_eq!(site.value::<i64>(WRONG).await, 0);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM contacts").await,
        80_000
    );
    assert!(
        site.value::<i64>("SELECT sum(rows)::bigint FROM concertina.range")
            .await
            >= 79_000,
        "and counted"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_cut_off_goes_on_where_it_was() {
    let site = Site::new(&leads(ROWS)).await;
    let slow = Settings {
        rows_per_second_max: Some(40_000),
        workers: 1,
        ..settings()
    };
    let (engine, stopper) = site.engine(slow);
    let run =
        tokio::spawn(async move { crate::fixture::run(&engine, COPY, Until::Backfilled).await });
    for _ in 0..400 {
        let there = site
            .value::<bool>("SELECT to_regclass('contacts') IS NOT NULL")
            .await;
        if there && site.value::<i64>("SELECT count(*) FROM contacts").await > 10_000 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stopper.stop();
    assert!(run.await.unwrap().is_err(), "it was asked to stop");
    let half: i64 = site.value("SELECT count(*) FROM contacts").await;
    assert!((10_000..80_000).contains(&half), "{half} copied so far");
    site.run(COPY, Until::Backfilled).await.unwrap();
    assert_eq!(site.value::<i64>(WRONG).await, 0);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM contacts").await,
        80_000
    );
}
