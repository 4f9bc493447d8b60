//! Backfills: every row, once, whatever else happens to the table.

use crate::fixture::{Site, TEAM, WRONG, leads, settings};
use concertina_engine::{Error, Event, Outcome, Until};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn every_row_is_filled_and_the_table_hardly_grows() {
    let site = Site::new(&leads(60_000)).await;
    let size = "SELECT pg_relation_size('leads')::float8";
    let indexes = "SELECT pg_indexes_size('leads')::float8";
    let before: (f64, f64) = (site.value(size).await, site.value(indexes).await);
    let outcome = site.run(TEAM, Until::Backfilled).await.unwrap();
    assert_eq!(outcome, Outcome::WaitingForContract);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
    let after: (f64, f64) = (site.value(size).await, site.value(indexes).await);
    assert!(
        after.0 / before.0 < 1.5,
        "the heap grew {:.2} times",
        after.0 / before.0
    );
    assert!(
        after.1 / before.1 < 1.4,
        "the indexes grew {:.2} times",
        after.1 / before.1
    );
    let hot = site
        .events
        .lock()
        .unwrap()
        .iter()
        .rev()
        .find_map(|event| match event {
            Event::Progress(progress) => Some(progress.hot_share),
            _ => None,
        });
    assert!(
        hot.is_some_and(|hot| (0.5..=1.0).contains(&hot)),
        "{hot:?} of the updates were HOT"
    );
    let rows: i64 = site
        .value("SELECT sum(rows)::bigint FROM concertina.range")
        .await;
    assert_eq!(rows, 60_000, "the checkpoints count every row once");
}

/// Old code inserts, moves, deletes and updates rows at random, and never names the new column.
#[tokio::test(flavor = "multi_thread")]
async fn one_walk_and_the_trigger_reach_every_row_under_writers() {
    let site = Site::new(&leads(40_000)).await;
    let stop = Arc::new(AtomicBool::new(false));
    let inserted = Arc::new(AtomicI64::new(0));
    let deleted = Arc::new(AtomicI64::new(0));
    let mut writers = Vec::new();
    for number in 0..3_i64 {
        let client = site.server.connect("site").await.unwrap();
        let (stop, inserted, deleted) = (
            Arc::clone(&stop),
            Arc::clone(&inserted),
            Arc::clone(&deleted),
        );
        writers.push(tokio::spawn(async move {
            let mut turn = 0_i64;
            while !stop.load(Ordering::Relaxed) {
                turn += 1;
                let id = (turn * 7_919 + number * 13_007) % 40_000 + 1;
                let new = 1_000_000 + number * 1_000_000 + turn;
                match turn % 5 {
                    0 => {
                        let sql =
                            "INSERT INTO leads (id, email, owner_id) VALUES ($1, 'n' || $1::bigint, 1 + $1 % 100)";
                        inserted
                            .fetch_add(client.execute(sql, &[&new]).await.unwrap().cast_signed(), Ordering::Relaxed);
                    }
                    1 => {
                        let done = client.execute("DELETE FROM leads WHERE id = $1", &[&id]).await.unwrap();
                        deleted.fetch_add(done.cast_signed(), Ordering::Relaxed);
                    }
                    // Not HOT: the row moves, often to a block that is behind the walk.
                    2 => {
                        let sql = "UPDATE leads SET email = email || 'x' WHERE id = $1";
                        client.execute(sql, &[&id]).await.unwrap();
                    }
                    3 => {
                        client.batch_execute("BEGIN").await.unwrap();
                        client.execute("UPDATE leads SET score = score + 1 WHERE id = $1", &[&id]).await.unwrap();
                        client.batch_execute("ROLLBACK").await.unwrap();
                    }
                    _ => {
                        client.execute("UPDATE leads SET score = score + 1 WHERE id = $1", &[&id]).await.unwrap();
                    }
                }
            }
        }));
    }
    site.run(TEAM, Until::Backfilled).await.unwrap();
    // Between the phases, too, every new row is filled.
    tokio::time::sleep(Duration::from_millis(200)).await;
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.expect("no write of the old code fails");
    }
    assert_eq!(site.value::<i64>(WRONG).await, 0);
    let expected = 40_000 + inserted.load(Ordering::Relaxed) - deleted.load(Ordering::Relaxed);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM leads").await,
        expected,
        "no row is lost or doubled"
    );
    assert!(
        inserted.load(Ordering::Relaxed) > 10,
        "the writers wrote while it ran"
    );
    assert_eq!(
        site.run(TEAM, Until::Contracted).await.unwrap(),
        Outcome::Done
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_are_walked_leaf_by_leaf() {
    let site = Site::new(
        "CREATE TABLE events (id bigint, day date NOT NULL, kind text, code int) PARTITION BY RANGE (day);
         CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
         CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') PARTITION BY LIST (kind);
         CREATE TABLE events_2a PARTITION OF events_2 FOR VALUES IN ('a');
         CREATE TABLE events_2b PARTITION OF events_2 DEFAULT;
         INSERT INTO events SELECT g, '2026-01-01'::date + g % 58, CASE WHEN g % 3 = 0 THEN 'a' ELSE 'b' END
         FROM generate_series(1, 20000) g;",
    )
    .await;
    site.run(
        "UPDATE events SET code = length(kind) + id % 7 WHERE code IS NULL;",
        Until::Contracted,
    )
    .await
    .unwrap();
    let wrong = "SELECT count(*) FROM events WHERE code IS DISTINCT FROM length(kind) + id % 7";
    assert_eq!(site.value::<i64>(wrong).await, 0);
    let jobs: i64 = site.value("SELECT count(*) FROM concertina.job").await;
    assert_eq!(jobs, 3, "one job a leaf");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_serves_where_the_author_wants_it() {
    let site = Site::new(
        "CREATE TABLE t (a int, b uuid DEFAULT gen_random_uuid(), n int, PRIMARY KEY (b, a));
         INSERT INTO t (a) SELECT g FROM generate_series(1, 5000) g;",
    )
    .await;
    let sql = "-- concertina: key (b, a)\nUPDATE t SET n = a * 2 WHERE n IS NULL;";
    site.run(sql, Until::Contracted).await.unwrap();
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM t WHERE n IS DISTINCT FROM a * 2")
            .await,
        0
    );
    let keys: i64 = site
        .value("SELECT count(*) FROM concertina.range WHERE cardinality(key) = 2 AND done")
        .await;
    assert_eq!(keys, 1);
    assert_eq!(
        site.value::<i64>("SELECT sum(rows)::bigint FROM concertina.range")
            .await,
        5_000
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_deleted_in_batches() {
    let site = Site::new(&leads(20_000)).await;
    site.run(
        "DELETE FROM leads USING owners o WHERE o.id = leads.owner_id AND o.team_id > 500;",
        Until::Contracted,
    )
    .await
    .unwrap();
    let left: i64 = site.value("SELECT count(*) FROM leads").await;
    assert_eq!(left, 10_000);
    let wrong = "SELECT count(*) FROM leads JOIN owners o ON o.id = owner_id WHERE o.team_id > 500";
    assert_eq!(site.value::<i64>(wrong).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_row_is_gone_around_and_come_back_for() {
    let site = Site::new(&leads(5_000)).await;
    let other = site.server.connect("site").await.unwrap();
    other
        .batch_execute("BEGIN; UPDATE leads SET score = 1 WHERE id IN (10, 2500);")
        .await
        .unwrap();
    let release = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        // The trigger came after this transaction's update: these rows are filled by the sweep
        // alone.
        other.batch_execute("COMMIT").await.unwrap();
    });
    // Adding the column has to wait for that transaction, too: begin with the column there.
    site.client
        .batch_execute("ALTER TABLE owners ADD COLUMN n int")
        .await
        .unwrap();
    let sql = "UPDATE leads SET score = 7 WHERE score = 0;";
    site.run(sql, Until::Contracted).await.unwrap();
    release.await.unwrap();
    let left: i64 = site
        .value("SELECT count(*) FROM leads WHERE score = 0")
        .await;
    assert_eq!(left, 0);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM leads WHERE score = 1")
            .await,
        2,
        "the other's word stands"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_row_is_named_and_what_is_done_stays_done() {
    let site = Site::new(
        "CREATE TABLE t (id int PRIMARY KEY, d int NOT NULL, r int);
         INSERT INTO t SELECT g, CASE WHEN g = 15000 THEN 0 ELSE 1 END FROM generate_series(1, 20000) g;",
    )
    .await;
    let sql = "UPDATE t SET r = 100 / d WHERE r IS NULL;";
    let (mut engine_settings, until) = (settings(), Until::Contracted);
    engine_settings.workers = 1;
    let error = crate::fixture::run(&site.engine(engine_settings).0, sql, until)
        .await
        .unwrap_err();
    assert!(matches!(&error, Error::Sql { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("division by zero") && text.contains("backfill of t, blocks"),
        "{text}"
    );
    let done: i64 = site
        .value("SELECT count(*) FROM t WHERE r IS NOT NULL")
        .await;
    assert!(done > 0 && done < 20_000, "{done}");
    site.client
        .batch_execute("UPDATE t SET d = 1 WHERE d = 0")
        .await
        .unwrap();
    site.run(sql, until).await.unwrap();
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM t WHERE r IS NULL")
            .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_snapshot_means_one_pass_and_is_named() {
    let site = Site::new(&leads(30_000)).await;
    let old = site.server.connect("site").await.unwrap();
    old.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM owners;")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(5_200)).await;
    let mut slow = settings();
    slow.rows_per_second_max = Some(10_000);
    crate::fixture::run(
        &site.engine(slow).0,
        "UPDATE leads SET score = 9 WHERE score = 0;",
        Until::Contracted,
    )
    .await
    .unwrap();
    assert!(
        site.told().contains("one pass only: pid"),
        "{}",
        site.told()
    );
    let single: i64 = site
        .value("SELECT count(*) FROM concertina.range WHERE passes = 1")
        .await;
    assert!(single > 0);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM leads WHERE score <> 9")
            .await,
        0
    );
}
