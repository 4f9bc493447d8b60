//! SIGKILL of the real command in the middle of a backfill, again and again, while others write.

use crate::fixture::Site;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio_postgres::Client;

const SCHEMA: &str = "
    CREATE TABLE owners (id bigint PRIMARY KEY, team_id bigint NOT NULL);
    INSERT INTO owners SELECT g, g * 10 FROM generate_series(1, 100) g;
    CREATE TABLE leads (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, owner_id bigint NOT NULL, score int NOT NULL DEFAULT 0);
    INSERT INTO leads SELECT g, 'lead' || g || '@example.com', 1 + g % 100 FROM generate_series(1, 120000) g;
    ANALYZE;";

const TEAM: &str = "ALTER TABLE leads ADD COLUMN team_id bigint;
    UPDATE leads l SET team_id = o.team_id FROM owners o WHERE o.id = l.owner_id AND l.team_id IS NULL;
    ALTER TABLE leads ALTER COLUMN team_id SET NOT NULL;";

/// Rows that the walk has recorded as done.
pub(crate) async fn checkpointed(site: &Site) -> i64 {
    if !site
        .value::<bool>("SELECT to_regclass('concertina.range') IS NOT NULL")
        .await
    {
        return 0;
    }
    site.value("SELECT coalesce(sum(rows), 0)::bigint FROM concertina.range")
        .await
}

/// Code that knows nothing of the new column: how often it wrote until it was stopped.
async fn old_code(stop: Arc<AtomicBool>, writer: Client) -> i64 {
    let mut turn = 0_i64;
    while !stop.load(Ordering::Relaxed) {
        turn += 1;
        let id = turn * 7_919 % 120_000 + 1;
        let sql = "UPDATE leads SET email = email || 'x', score = score + 1 WHERE id = $1";
        writer.execute(sql, &[&id]).await.unwrap();
        let new = 1_000_000 + turn;
        let sql =
            "INSERT INTO leads (id, email, owner_id) VALUES ($1, 'n' || $1::bigint, 1 + $1 % 100)";
        writer.execute(sql, &[&new]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    turn
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_it_goes_on_where_it_was() {
    let site = Site::new(SCHEMA, &[("001_team", TEAM)]).await;
    let stop = Arc::new(AtomicBool::new(false));
    let old_code = tokio::spawn(old_code(
        Arc::clone(&stop),
        site.server.connect("site").await.unwrap(),
    ));
    let mut before = 0;
    for kill in 1..=3 {
        let mut command = site.command(&["upgrade", "--rows-per-second-max", "40000", "--json"]);
        let mut engine = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let goal = kill * 20_000;
        for _ in 0..4_000 {
            if checkpointed(&site).await >= goal {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        engine.kill().unwrap();
        engine.wait().unwrap();
        let now = checkpointed(&site).await;
        assert!(
            now >= goal && now < 120_000,
            "kill {kill} came in the middle: {now}"
        );
        assert!(now > before, "progress is kept: {before}, {now}");
        before = now;
    }
    let status = site.run(&["status"]).ends(0);
    assert!(
        status.out.contains("001_team: running") && status.out.contains("next: concertina upgrade"),
        "{}",
        status.out
    );
    let json = site.run(&["upgrade", "--json"]).ends(3);
    assert!(json.out.contains("\"resumed\":true"), "{}", json.out);
    stop.store(true, Ordering::Relaxed);
    let turns = old_code.await.unwrap();
    let wrong = "SELECT count(*) FROM leads l JOIN owners o ON o.id = l.owner_id WHERE l.team_id IS DISTINCT FROM o.team_id";
    assert_eq!(site.value::<i64>(wrong).await, 0);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM leads").await,
        120_000 + turns
    );
    // The walk's own count: a row that old code moved was filled by the trigger, and nothing was
    // done twice.
    let walked = checkpointed(&site).await;
    assert!(
        walked <= 120_000 && walked >= 120_000 - turns,
        "{walked} rows walked, {turns} moved"
    );
    site.run(&["contract"]).ends(0);
    site.run(&["status"]).ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_stops_after_the_batch_in_hand() {
    let site = Site::new(SCHEMA, &[("001_team", TEAM)]).await;
    let mut command = site.command(&["upgrade", "--rows-per-second-max", "40000"]);
    let engine = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while checkpointed(&site).await < 10_000 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let pid = engine.id().to_string();
    std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status()
        .unwrap();
    let said = crate::fixture::said(&engine.wait_with_output().unwrap()).ends(1);
    assert!(
        said.err
            .contains("stopped after the batch in hand; nothing is lost"),
        "{}",
        said.err
    );
    assert!(
        said.err.contains("run the same command again"),
        "{}",
        said.err
    );
    let done: i64 = site
        .value("SELECT count(*) FROM leads WHERE team_id IS NOT NULL")
        .await;
    assert_eq!(done, checkpointed(&site).await);
    site.run(&["upgrade"]).ends(3);
}
