//! Two versions of an application, one that writes the old column and one that writes the new:
//! whatever either was told is written is seen by both, in both forms, until contract, and nothing
//! is lost by it.

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

/// Which column is there before.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Up,
    Down,
}

impl Way {
    fn sql(self) -> &'static str {
        match self {
            Way::Up => "ALTER TABLE orders ALTER COLUMN amount TYPE bigint USING amount::bigint;",
            Way::Down => "ALTER TABLE orders ALTER COLUMN amount TYPE text USING amount::text;",
        }
    }

    /// The columns of the version that writes text, and of the one that writes numbers.
    fn columns(self, beside: &str) -> (&str, &str) {
        match self {
            Way::Up => ("amount", beside),
            Way::Down => (beside, "amount"),
        }
    }
}

/// What one row must look like, to either version.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    text: Option<String>,
    number: Option<i64>,
}

impl Row {
    /// Carried over, as a row is that is written in any way.
    fn fill(&mut self) {
        self.number = self
            .number
            .or_else(|| self.text.as_ref().map(|text| text.trim().parse().unwrap()));
        self.text = self
            .text
            .take()
            .or_else(|| self.number.map(|number| number.to_string()));
    }

    /// As it is before it is filled.
    fn unfilled(mut self, way: Way) -> Row {
        match way {
            Way::Up => self.number = None,
            Way::Down => self.text = None,
        }
        self
    }
}

/// A value as the old version writes it: not always as the new type would.
fn spelled(value: Option<i64>, random: &mut StdRng) -> Option<String> {
    value.map(|value| {
        if random.random_bool(0.3) {
            format!(" {value} ")
        } else {
            value.to_string()
        }
    })
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
    schedules(Way::Up).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_so_they_do_on_the_way_back() {
    schedules(Way::Down).await;
}

async fn schedules(way: Way) {
    let (kind, text) = if way == Way::Up {
        ("text", "::text")
    } else {
        ("bigint", "")
    };
    let site = Site::new(
        &format!(
            "CREATE TABLE orders (id bigint PRIMARY KEY, amount {kind}, note text);
             INSERT INTO orders SELECT g, CASE WHEN g % 5 > 0 THEN (g % 90){text} END, '' FROM generate_series(0, 4999) g;"
        ),
        &[],
    )
    .await;
    let beside = expanded(&site, way).await;
    let (text, number) = way.columns(&beside);
    let mut random = StdRng::seed_from_u64(7);
    let mut model = born(&site.client, way, &beside, &mut random).await;
    for turn in 0..TURNS {
        // Code of the version to come is there when the backfill is done.
        let filled = turn >= TURNS / 3;
        if turn == TURNS / 3 {
            let kind = if way == Way::Up { "bigint" } else { "text" };
            let sql = format!(
                "UPDATE orders SET {beside} = amount::{kind} WHERE {beside} IS NULL AND amount IS NOT NULL"
            );
            site.client.execute(&sql, &[]).await.unwrap();
            model.iter_mut().for_each(Row::fill);
        }
        let written = written(&mut model, way, filled, &mut random);
        write(&site.client, text, "text", &written.texts).await;
        write(&site.client, number, "bigint", &written.numbers).await;
        write(&site.client, "note", "text", &written.other).await;
        let sql = format!("SELECT id, {text}, {number}, {beside} IS NULL FROM orders ORDER BY id");
        for (id, seen) in site
            .client
            .query(&sql, &[])
            .await
            .unwrap()
            .iter()
            .enumerate()
        {
            let mut wanted = model[id].clone();
            if !filled && seen.get(3) {
                // Not written since expand: the backfill will come.
                wanted = wanted.unfilled(way);
            }
            assert_eq!(
                Row {
                    text: seen.get(1),
                    number: seen.get(2)
                },
                wanted,
                "row {id} after turn {turn}"
            );
        }
    }
}

/// The database after expand; the name of the second column.
async fn expanded(site: &Site, way: Way) -> String {
    let connect = Connect::parse(&site.server.url("site")).unwrap();
    let catalog = Engine::new(connect, Settings::default(), Arc::new(|_| {}))
        .0
        .catalog()
        .await
        .unwrap();
    let revision = Revision::from_text(&RevisionId::new("r"), way.sql()).unwrap();
    let plan = plan(&revision, &catalog).unwrap();
    site.client
        .batch_execute("CREATE SCHEMA concertina")
        .await
        .unwrap();
    for step in &plan.expand {
        let Work::Quick { actions } = &step.work else {
            panic!("expand is instant")
        };
        for sql in actions.iter().flat_map(|action| action.sql(None)) {
            site.client.batch_execute(&sql).await.unwrap();
        }
    }
    let sql = "SELECT attname::text FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname LIKE 'concertina%'";
    site.value(sql).await
}

/// Half of the rows are there before; half are written by either version for the first time.
async fn born(client: &Client, way: Way, beside: &str, random: &mut StdRng) -> Vec<Row> {
    let there = |id: i64| {
        let number = (id % 5 > 0).then_some(id % 90);
        Row {
            text: number.map(|number| number.to_string()),
            number,
        }
        .unfilled(way)
    };
    let mut model: Vec<Row> = (0..5_000).map(there).collect();
    let (text_column, number_column) = way.columns(beside);
    for id in 5_000..SCHEDULES {
        let value = random
            .random_bool(0.8)
            .then(|| random.random_range(0..90_i64));
        let as_text = random.random_bool(0.5);
        let text = if as_text {
            spelled(value, random)
        } else {
            value.map(|value| value.to_string())
        };
        let (column, cast) = if as_text {
            (text_column, "text")
        } else {
            (number_column, "bigint")
        };
        let sql = format!("INSERT INTO orders (id, {column}) VALUES ($1, $2::text::{cast})");
        client.execute(&sql, &[&(id as i64), &text]).await.unwrap();
        model.push(Row {
            text,
            number: value,
        });
    }
    model
}

/// What one turn writes, by row.
#[derive(Default)]
struct Written {
    texts: Vec<(usize, Option<String>)>,
    numbers: Vec<(usize, Option<String>)>,
    other: Vec<(usize, Option<String>)>,
}

fn written(model: &mut [Row], way: Way, filled: bool, random: &mut StdRng) -> Written {
    let mut written = Written::default();
    let (texts, numbers) = (filled || way == Way::Up, filled || way == Way::Down);
    for (id, row) in model.iter_mut().enumerate() {
        let value = random
            .random_bool(0.8)
            .then(|| random.random_range(0..90_i64));
        match random.random_range(0..4) {
            0 if texts => {
                let text = spelled(value, random);
                written.texts.push((id, text.clone()));
                *row = Row {
                    text,
                    number: value,
                };
            }
            1 if numbers => {
                let text = value.map(|value| value.to_string());
                written.numbers.push((id, text.clone()));
                // The same value is no news: the other version's spelling stays.
                if row.number != value {
                    *row = Row {
                        text,
                        number: value,
                    };
                }
                row.fill();
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
    let site = Site::new(
        schema,
        &[(
            "001_rename",
            "ALTER TABLE leads RENAME COLUMN place TO spot;",
        )],
    )
    .await;
    let stop_old = Arc::new(AtomicBool::new(false));
    let old = tokio::spawn(version(
        site.server.connect("site").await.unwrap(),
        "place",
        0,
        Arc::clone(&stop_old),
    ));
    site.run(&["upgrade", "--eager"]).ends(3);
    let stop_new = Arc::new(AtomicBool::new(false));
    let new = tokio::spawn(version(
        site.server.connect("site").await.unwrap(),
        "spot",
        1,
        Arc::clone(&stop_new),
    ));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM leads WHERE place IS DISTINCT FROM spot")
            .await,
        0
    );
    // The old version is gone before contract; the new one goes on through it.
    stop_old.store(true, Ordering::Relaxed);
    let by_old = old.await.unwrap();
    site.run(&["contract"]).ends(0);
    tokio::time::sleep(Duration::from_millis(200)).await;
    stop_new.store(true, Ordering::Relaxed);
    let by_new = new.await.unwrap();
    assert!(
        by_old.len() > 50 && by_new.len() > 50,
        "{} and {} rows were written",
        by_old.len(),
        by_new.len()
    );
    let rows = site
        .client
        .query("SELECT id, spot FROM leads", &[])
        .await
        .unwrap();
    let seen: HashMap<i64, String> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for (id, value) in by_old.iter().chain(&by_new) {
        assert_eq!(seen.get(id), Some(value), "row {id}");
    }
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM leads WHERE spot IS NULL")
            .await,
        0
    );
}

/// Writes the column of its version until it is told to stop, on rows of its own and new ones; what
/// it was told is written.
pub(crate) async fn version(
    client: Client,
    column: &str,
    own: i64,
    stop: Arc<AtomicBool>,
) -> HashMap<i64, String> {
    let mut written = HashMap::new();
    let mut turn = 0_i64;
    while !stop.load(Ordering::Relaxed) {
        turn += 1;
        let value = format!("{column} {turn}");
        let id = if turn % 4 == 0 {
            1_000_000 + turn * 2 + own
        } else {
            (turn * 7_919 % 99_999) * 2 + 1 + own
        };
        let sql = if turn % 4 == 0 {
            format!("INSERT INTO leads (id, {column}) VALUES ({id}, '{value}')")
        } else {
            format!("UPDATE leads SET {column} = '{value}' WHERE id = {id}")
        };
        client
            .simple_query(&sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        written.insert(id, value);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    written
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_replication_applies_are_carried_over_too() {
    let site = Site::new(
        "CREATE TABLE events (id int, amount text) PARTITION BY RANGE (id);
         CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (1000);
         CREATE TABLE orders (id int PRIMARY KEY, amount text); INSERT INTO orders VALUES (1, '1');
         INSERT INTO events VALUES (1, '1');",
        &[(
            "001",
            "ALTER TABLE orders ALTER COLUMN amount TYPE int USING amount::int;
             ALTER TABLE events ALTER COLUMN amount TYPE int USING amount::int;",
        )],
    )
    .await;
    site.run(&["upgrade"]).ends(3);
    // As the apply worker of a subscription has it.
    site.client
        .batch_execute(
            "SET session_replication_role = replica; INSERT INTO orders VALUES (2, '2'); UPDATE orders SET amount = '5' WHERE id = 1;
             INSERT INTO events VALUES (2, '2'); UPDATE events SET amount = '5' WHERE id = 1; RESET session_replication_role",
        )
        .await
        .unwrap();
    site.run(&["contract"]).ends(0);
    for table in ["orders", "events"] {
        let sum = format!("SELECT string_agg(amount::text, ' ' ORDER BY id) FROM {table}");
        assert_eq!(site.value::<String>(&sum).await, "5 2");
    }
}
