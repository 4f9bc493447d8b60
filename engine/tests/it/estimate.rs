//! Estimates: near what then happens, and nothing is changed by them.

use crate::fixture::{ID, Site, TEAM, leads, settings};
use concertina_engine::{Estimate, Until};
use concertina_planner::plan;
use concertina_revisions::{Revision, RevisionId};

const ROWS: u32 = 60_000;

async fn expected(site: &Site, sql: &str) -> Vec<Estimate> {
    let engine = site.engine(settings()).0;
    let revision = Revision::from_text(&RevisionId::new(ID), sql).unwrap();
    let plan = plan(&revision, &engine.catalog().await.unwrap()).unwrap();
    engine.estimate(&plan).await.unwrap()
}

#[tokio::test]
async fn a_backfill_is_expected_as_it_then_is() {
    let site = Site::new(&leads(ROWS)).await;
    let sums = "SELECT sum(hashtext(leads::text)) FROM leads";
    let before: i64 = site.value(sums).await;
    let expected = expected(&site, TEAM).await;
    assert_eq!(
        site.value::<i64>(sums).await,
        before,
        "looking changes nothing"
    );
    let fill = expected
        .iter()
        .find(|one| one.rows > 0.0 && one.wal_bytes > 0.0)
        .expect("the backfill");
    assert!(fill.sampled_rows > 100, "{fill:?}");
    assert!((fill.rows / f64::from(ROWS) - 1.0).abs() < 0.05, "{fill:?}");
    assert!(
        fill.seconds_alone > 0.0 && fill.seconds_alone < fill.seconds_beside,
        "{fill:?}"
    );
    let position = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8";
    let wal_before: f64 = site.value(position).await;
    site.run(TEAM, Until::Backfilled).await.unwrap();
    let wal = site.value::<f64>(position).await - wal_before;
    let ratio = fill.wal_bytes / wal;
    assert!(
        (0.3..3.0).contains(&ratio),
        "expected {:.0} bytes, came to {wal:.0}",
        fill.wal_bytes
    );
}

#[tokio::test]
async fn only_rows_still_to_do_count() {
    let site = Site::new(&leads(ROWS)).await;
    site.client
        .batch_execute(
            "ALTER TABLE leads ADD plan text; UPDATE leads SET plan = 'free' WHERE id % 4 > 0; ANALYZE leads;",
        )
        .await
        .unwrap();
    let expected = expected(
        &site,
        "UPDATE leads SET plan = 'basic' || id WHERE plan IS NULL;",
    )
    .await;
    let share = expected[0].rows / f64::from(ROWS);
    assert!((0.15..0.4).contains(&share), "{expected:?}");
}

#[tokio::test]
async fn a_table_with_triggers_is_only_read() {
    let site = Site::new(&leads(5_000)).await;
    site.client
        .batch_execute(
            "CREATE TABLE seen (at int);
             CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES (1); RETURN new; END $$;
             CREATE TRIGGER see BEFORE UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION see();",
        )
        .await
        .unwrap();
    let expected = expected(&site, TEAM).await;
    assert!(
        !expected.is_empty() && expected.iter().all(|one| one.sampled_rows == 0),
        "{expected:?}"
    );
}

#[tokio::test]
async fn a_table_that_is_still_to_come_has_none() {
    let site = Site::new("SELECT 1").await;
    let sql = "CREATE TABLE notes (id bigint, body text); UPDATE notes SET body = '';";
    assert!(expected(&site, sql).await.is_empty());
}
