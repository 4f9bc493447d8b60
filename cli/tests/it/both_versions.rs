//! Two versions of an application, one that writes the old column and one that writes the new: whatever either was told is
//! written is seen by both, in both forms, until contract, and nothing is lost by it.

use crate::fixture::Site;
use concertina_engine::{Connect, Engine, Settings};
use concertina_planner::{Work, plan};
use concertina_revisions::{Revision, RevisionId};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio_postgres::Client;

/// Each row has a schedule of its own.
const SCHEDULES: usize = 10_000;
const TURNS: usize = 16;

const TYPE_CHANGE: &str = "ALTER TABLE orders ALTER COLUMN amount TYPE bigint USING amount::bigint;";

/// What one row must look like.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    old: Option<String>,
    new: Option<i64>,
}

impl Row {
    /// Carried over, as a row is that is written in any way.
    fn fill(&mut self) {
        self.new = self.new.or_else(|| self.old.as_ref().map(|old| old.trim().parse().unwrap()));
    }
}

/// A value as the old version writes it: not always as the new type would.
fn spelled(value: Option<i64>, random: &mut StdRng) -> Option<String> {
    value.map(|value| if random.random_bool(0.3) { format!(" {value} ") } else { value.to_string() })
}

/// One statement for many rows; the trigger sees each by itself.
async fn write(client: &Client, column: &str, cast: &str, rows: &[(usize, Option<String>)]) {
    let ids: Vec<i64> = rows.iter().map(|(id, _)| *id as i64).collect();
    let values: Vec<Option<&str>> = rows.iter().map(|(_, value)| value.as_deref()).collect();
    let sql = format!(
        "UPDATE orders SET {column} = given.value::{cast} FROM unnest($1::bigint[], $2::text[]) AS given (id, value)
         WHERE orders.id = given.id"
    );
    client.execute(&sql, &[&ids, &values]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_schedules_of_two_versions_end_as_the_last_writer_said() {
    let site = Site::new(
        "CREATE TABLE orders (id bigint PRIMARY KEY, amount text, note text);
         INSERT INTO orders SELECT g, CASE WHEN g % 5 > 0 THEN (g % 90)::text END, '' FROM generate_series(0, 4999) g;",
        &[],
    )
    .await;
    let new = expanded(&site).await;
    let mut random = StdRng::seed_from_u64(7);
    let mut model = born(&site.client, &new, &mut random).await;
    for turn in 0..TURNS {
        // Newer code comes when the backfill is done.
        let filled = turn >= TURNS / 3;
        if turn == TURNS / 3 {
            let sql =
                format!("UPDATE orders SET {new} = amount::bigint WHERE {new} IS NULL AND amount::bigint IS NOT NULL");
            site.client.execute(&sql, &[]).await.unwrap();
            model.iter_mut().for_each(Row::fill);
        }
        let written = written(&mut model, filled, &mut random);
        write(&site.client, "amount", "text", &written.by_old).await;
        write(&site.client, &new, "bigint", &written.by_new).await;
        write(&site.client, "note", "text", &written.other).await;
        let rows = site.client.query(&format!("SELECT id, amount, {new} FROM orders ORDER BY id"), &[]).await.unwrap();
        for (id, seen) in rows.iter().enumerate() {
            let seen = Row { old: seen.get(1), new: seen.get(2) };
            let mut wanted = model[id].clone();
            if !filled && seen.new.is_none() {
                // Not written since expand: the backfill will come.
                wanted.new = None;
            }
            assert_eq!(seen, wanted, "row {id} after turn {turn}");
        }
    }
}

/// The database after expand; the name of the second column.
async fn expanded(site: &Site) -> String {
    let connect = Connect::parse(&site.server.url("site")).unwrap();
    let catalog = Engine::new(connect, Settings::default(), Arc::new(|_| {})).0.catalog().await.unwrap();
    let revision = Revision::from_text(&RevisionId::new("r"), TYPE_CHANGE).unwrap();
    let plan = plan(&revision, &catalog).unwrap();
    site.client.batch_execute("CREATE SCHEMA concertina").await.unwrap();
    for step in &plan.expand {
        let Work::Quick { actions } = &step.work else { panic!("expand is instant") };
        for sql in actions.iter().flat_map(|action| action.sql(None)) {
            site.client.batch_execute(&sql).await.unwrap();
        }
    }
    let sql =
        "SELECT attname::text FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname LIKE 'concertina%'";
    site.value(sql).await
}

/// Half of the rows are there before; half are written by either version for the first time.
async fn born(client: &Client, new: &str, random: &mut StdRng) -> Vec<Row> {
    let there = |id: i64| Row { old: (id % 5 > 0).then(|| (id % 90).to_string()), new: None };
    let mut model: Vec<Row> = (0..5_000).map(there).collect();
    for id in 5_000..SCHEDULES {
        let value = random.random_bool(0.8).then(|| random.random_range(0..90_i64));
        let by_old = random.random_bool(0.5);
        let old = if by_old { spelled(value, random) } else { value.map(|value| value.to_string()) };
        let (column, cast) = if by_old { ("amount", "text") } else { (new, "bigint") };
        let sql = format!("INSERT INTO orders (id, {column}) VALUES ($1, $2::text::{cast})");
        client.execute(&sql, &[&(id as i64), &old]).await.unwrap();
        model.push(Row { old, new: value });
    }
    model
}

/// What one turn writes, by row.
#[derive(Default)]
struct Written {
    by_old: Vec<(usize, Option<String>)>,
    by_new: Vec<(usize, Option<String>)>,
    other: Vec<(usize, Option<String>)>,
}

fn written(model: &mut [Row], filled: bool, random: &mut StdRng) -> Written {
    let mut written = Written::default();
    for (id, row) in model.iter_mut().enumerate() {
        let value = random.random_bool(0.8).then(|| random.random_range(0..90_i64));
        match random.random_range(0..4) {
            0 => {
                let old = spelled(value, random);
                written.by_old.push((id, old.clone()));
                *row = Row { old, new: value };
            }
            1 if filled => {
                let text = value.map(|value| value.to_string());
                written.by_new.push((id, text.clone()));
                // The same value is no news: the old version's spelling stays.
                if row.new != value {
                    *row = Row { old: text, new: value };
                }
            }
            2 => {
                written.other.push((id, Some("seen".to_owned())));
                row.fill();
            }
            _ => {}
        }
    }
    written
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_run_through_all_phases_and_nothing_is_lost() {
    let schema = "CREATE TABLE leads (id bigint PRIMARY KEY, place text NOT NULL, at timestamptz DEFAULT now());
        CREATE INDEX leads_place ON leads (place);
        INSERT INTO leads SELECT g, 'p' || g % 100 FROM generate_series(1, 200000) g; ANALYZE;";
    let site = Site::new(schema, &[("001_rename", "ALTER TABLE leads RENAME COLUMN place TO spot;")]).await;
    let stop_old = Arc::new(AtomicBool::new(false));
    let old = tokio::spawn(version(site.server.connect("site").await.unwrap(), "place", 0, Arc::clone(&stop_old)));
    site.run(&["upgrade", "--eager"]).ends(3);
    let stop_new = Arc::new(AtomicBool::new(false));
    let new = tokio::spawn(version(site.server.connect("site").await.unwrap(), "spot", 1, Arc::clone(&stop_new)));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(site.value::<i64>("SELECT count(*) FROM leads WHERE place IS DISTINCT FROM spot").await, 0);
    // The old version is gone before contract; the new one goes on through it.
    stop_old.store(true, Ordering::Relaxed);
    let by_old = old.await.unwrap();
    site.run(&["contract"]).ends(0);
    tokio::time::sleep(Duration::from_millis(200)).await;
    stop_new.store(true, Ordering::Relaxed);
    let by_new = new.await.unwrap();
    assert!(by_old.len() > 50 && by_new.len() > 50, "{} and {} rows were written", by_old.len(), by_new.len());
    let rows = site.client.query("SELECT id, spot FROM leads", &[]).await.unwrap();
    let seen: HashMap<i64, String> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for (id, value) in by_old.iter().chain(&by_new) {
        assert_eq!(seen.get(id), Some(value), "row {id}");
    }
    assert_eq!(site.value::<i64>("SELECT count(*) FROM leads WHERE spot IS NULL").await, 0);
}

/// Writes the column of its version until it is told to stop, on rows of its own and new ones; what it was told is written.
async fn version(client: Client, column: &str, own: i64, stop: Arc<AtomicBool>) -> HashMap<i64, String> {
    let mut written = HashMap::new();
    let mut turn = 0_i64;
    while !stop.load(Ordering::Relaxed) {
        turn += 1;
        let value = format!("{column} {turn}");
        let id = if turn % 4 == 0 { 1_000_000 + turn * 2 + own } else { (turn * 7_919 % 99_999) * 2 + 1 + own };
        let sql = if turn % 4 == 0 {
            format!("INSERT INTO leads (id, {column}) VALUES ({id}, '{value}')")
        } else {
            format!("UPDATE leads SET {column} = '{value}' WHERE id = {id}")
        };
        client.simple_query(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        written.insert(id, value);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    written
}
