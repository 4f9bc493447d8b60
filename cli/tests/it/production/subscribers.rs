//! Changes of tables that are published, beside who reads them: a subscription of PostgreSQL's own,
//! and a consumer of its plugin's stream, as Debezium is one.

use crate::fixture::Site;
use concertina_sandbox::Postgres;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_postgres::Client;

const ORDERS: &str =
    "CREATE TABLE orders (id int PRIMARY KEY, total int NOT NULL, state text DEFAULT 'new');
    INSERT INTO orders (id, total) SELECT g, g * 10 FROM generate_series(1, 500) g; ANALYZE;
    CREATE PUBLICATION sent FOR TABLE orders;";

/// A run with subscribers that are said to be ready.
const READY: &[&str] = &["upgrade", "--subscribers-ready"];

const LOGICAL: [(&str, &str); 1] = [("wal_level", "logical")];

/// A published table with a subscriber on another server.
struct Followed {
    site: Site,
    there: Postgres,
    subscriber: Client,
}

impl Followed {
    async fn new(sql: &str) -> Followed {
        let site = Site::with(&LOGICAL, ORDERS, &[("001_change", sql)]).await;
        let there = Postgres::start(&[("fsync", "off"), ("wal_retrieve_retry_interval", "200ms")])
            .await
            .unwrap();
        let subscriber = there.connect("postgres").await.unwrap();
        let port = site.server.port();
        subscriber
            .batch_execute(
                "CREATE TABLE orders (id int PRIMARY KEY, total int, state text DEFAULT 'new')",
            )
            .await
            .unwrap();
        let subscribe = format!(
            "CREATE SUBSCRIPTION follows CONNECTION 'host=127.0.0.1 port={port} user=postgres dbname=site' PUBLICATION sent"
        );
        subscriber.batch_execute(&subscribe).await.unwrap();
        let followed = Followed {
            site,
            there,
            subscriber,
        };
        followed.agrees("id, total, state").await;
        followed
    }

    /// Waits until the subscriber has the same rows.
    async fn agrees(&self, columns: &str) {
        let all = format!(
            "SELECT coalesce(string_agg(r::text, ' ' ORDER BY id), '') FROM (SELECT {columns} FROM orders) r"
        );
        let mut last = (String::new(), String::new());
        for _ in 0..600 {
            let here = self.site.client.query_one(&all, &[]).await.unwrap().get(0);
            let there = self.subscriber.query_one(&all, &[]).await.unwrap().get(0);
            if here == there {
                return;
            }
            last = (here, there);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{}\n{}", last.0, last.1);
    }

    /// What the plan wants of subscribers before it is run.
    fn wanted(&self) -> Vec<String> {
        let said = self.site.run(&["plan"]).ends(0);
        let lines = said.out.lines().chain(said.err.lines());
        lines
            .filter_map(|line| line.split_once("do this there first: "))
            .map(|(_, sql)| sql.to_owned())
            .collect()
    }

    async fn write(&self, sql: &str) {
        self.site.client.batch_execute(sql).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_follows_through_a_change_of_type() {
    let followed = Followed::new("ALTER TABLE orders ALTER COLUMN total TYPE bigint;").await;
    let wanted = followed.wanted();
    assert_eq!(wanted.len(), 1, "{wanted:?}");
    followed.subscriber.batch_execute(&wanted[0]).await.unwrap();
    followed.site.run(READY).ends(3);
    followed
        .write("INSERT INTO orders (id, total) VALUES (1001, 7); UPDATE orders SET total = total + 1 WHERE id = 2")
        .await;
    followed.agrees("id, total, state").await;
    // As before each change of a type, with or without us: what no longer fits must fit there.
    followed
        .subscriber
        .batch_execute("ALTER TABLE orders ALTER COLUMN total TYPE bigint")
        .await
        .unwrap();
    followed.site.run(&["contract"]).ends(0);
    followed
        .write("INSERT INTO orders (id, total) VALUES (1002, 5000000000); UPDATE orders SET total = 3 WHERE id = 3")
        .await;
    followed.agrees("id, total, state").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_follows_through_a_rename() {
    let followed = Followed::new("ALTER TABLE orders RENAME COLUMN state TO status;").await;
    let wanted = followed.wanted();
    assert_eq!(wanted.len(), 1, "{wanted:?}");
    followed.subscriber.batch_execute(&wanted[0]).await.unwrap();
    followed.site.run(READY).ends(3);
    followed
        .write("INSERT INTO orders (id, total) VALUES (1001, 7); UPDATE orders SET state = 'paid' WHERE id = 2")
        .await;
    followed.agrees("id, total, state, status").await;
    followed.site.run(&["contract"]).ends(0);
    followed.write("INSERT INTO orders (id, total, status) VALUES (1002, 8, 'sent'); UPDATE orders SET status = 'x' WHERE id = 3").await;
    followed.agrees("id, total, status").await;
    followed
        .subscriber
        .batch_execute("ALTER TABLE orders DROP COLUMN state")
        .await
        .unwrap();
    followed
        .write("DELETE FROM orders WHERE id = 4; UPDATE orders SET status = 'y' WHERE id = 5")
        .await;
    followed.agrees("id, total, status").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_is_not_ready_goes_on_and_one_that_was_said_to_be_stops_and_loses_nothing()
 {
    let followed = Followed::new("ALTER TABLE orders ALTER COLUMN total TYPE bigint;").await;
    let wanted = followed.wanted();
    let before = followed.site.schema();
    followed
        .site
        .run(&["upgrade"])
        .ends(1)
        .says("subscribers would stop")
        .says("--subscribers-ready");
    assert_eq!(followed.site.schema(), before);
    followed
        .write("UPDATE orders SET total = 66 WHERE id = 1")
        .await;
    followed.agrees("id, total, state").await;
    followed.site.run(READY).ends(3);
    followed
        .write("UPDATE orders SET total = 77 WHERE id = 2")
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let there: i32 = followed
        .subscriber
        .query_one("SELECT total FROM orders WHERE id = 2", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(there, 20);
    followed.subscriber.batch_execute(&wanted[0]).await.unwrap();
    followed.agrees("id, total, state").await;
}

/// Where rows are sent, whether or not somebody applies them.
const READ: &str = "SELECT pg_create_logical_replication_slot('reads', 'pgoutput')";

#[tokio::test(flavor = "multi_thread")]
async fn whatever_would_stop_a_subscriber_is_refused_before_anything_changes() {
    let tables = "CREATE TABLE parted (id int PRIMARY KEY, a text) PARTITION BY RANGE (id);
        CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
        CREATE TABLE empty (id int PRIMARY KEY); CREATE TABLE own (id int PRIMARY KEY); INSERT INTO own VALUES (1);
        ALTER PUBLICATION sent ADD TABLE parted, empty;";
    let site = Site::with(&LOGICAL, &format!("{ORDERS} {tables}"), &[]).await;
    site.client.batch_execute(READ).await.unwrap();
    let before = site.schema();
    for sql in [
        "ALTER TABLE orders ADD COLUMN a int;",
        "ALTER TABLE empty ADD COLUMN a int;",
        "ALTER TABLE parted ADD COLUMN b int;",
        "ALTER TABLE orders RENAME TO bought;",
        "ALTER TABLE orders RENAME COLUMN state TO status;",
        "CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (10) TO (20);",
        "-- concertina: allow blocking\nALTER TABLE orders ADD COLUMN a timestamptz DEFAULT clock_timestamp();",
    ] {
        site.revision("001_own", "ALTER TABLE own ADD COLUMN a int;");
        site.revision("002_change", sql);
        site.run(&["plan"]).ends(0).says("a subscriber");
        site.run(&["upgrade"])
            .ends(1)
            .says("subscribers would stop")
            .says("publication sent");
        assert_eq!(site.schema(), before, "{sql}");
    }
    for sql in [
        "CREATE TABLE more (id int);",
        "CREATE INDEX ON orders (total);",
        "ALTER TABLE orders DROP COLUMN state;\n-- down\nALTER TABLE orders ADD COLUMN state text;",
    ] {
        site.revision("002_change", sql);
        let said = site.run(&["plan"]).ends(0);
        assert!(!said.out.contains("a subscriber"), "{sql}: {}", said.out);
    }
    site.run(&["upgrade", "--contract"]).ends(0);
    // The way back brings a column, too.
    let back = ["downgrade", "-1", "--contract", "--allow-data-loss"];
    site.run(&back).ends(1).says("subscribers would stop");
    site.run(&[&back[..], &["--subscribers-ready"]].concat())
        .ends(0);
}

/// Makes our own tables on the subscriber, as another database has them.
async fn has_our_tables(followed: &Followed) {
    followed
        .site
        .server
        .create_database("other", None)
        .await
        .unwrap();
    super::at(
        &followed.site,
        &followed.site.server.url("other"),
        &["stamp", "base"],
    )
    .ends(0);
    let made = followed
        .site
        .server
        .dump("other", &["--schema-only", "--schema=concertina"])
        .unwrap();
    let made: Vec<&str> = made
        .lines()
        .filter(|line| !line.starts_with('\\'))
        .collect();
    followed.there.psql("postgres", &made.join("\n")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn where_everything_is_published_our_own_tables_wait_for_subscribers_too() {
    let site = Site::with(
        &LOGICAL,
        ORDERS,
        &[("001_index", "CREATE INDEX orders_total ON orders (total);")],
    )
    .await;
    site.client
        .batch_execute("DROP PUBLICATION sent; CREATE PUBLICATION sent FOR ALL TABLES")
        .await
        .unwrap();
    let there = Postgres::start(&[("fsync", "off"), ("wal_retrieve_retry_interval", "200ms")])
        .await
        .unwrap();
    let subscriber = there.connect("postgres").await.unwrap();
    let (tables, port) = (site.server.dump_schema("site").unwrap(), site.server.port());
    let tables: Vec<&str> = tables
        .lines()
        .filter(|line| !line.starts_with('\\') && !line.contains("PUBLICATION"))
        .collect();
    there.psql("postgres", &tables.join("\n")).unwrap();
    subscriber
        .batch_execute(&format!(
            "CREATE SUBSCRIPTION follows CONNECTION 'host=127.0.0.1 port={port} user=postgres dbname=site' PUBLICATION sent"
        ))
        .await
        .unwrap();
    let followed = Followed {
        site,
        there,
        subscriber,
    };
    followed.agrees("id, total, state").await;
    let ours = "SELECT to_regnamespace('concertina') IS NOT NULL";
    let unready = |words: &[&str]| {
        followed
            .site
            .run(words)
            .ends(1)
            .says("our own tables in schema concertina")
            .says("--subscribers-ready")
    };
    unready(&["upgrade"]);
    unready(&["stamp", "head"]);
    assert!(!followed.site.value::<bool>(ours).await);
    has_our_tables(&followed).await;
    followed.site.run(READY).ends(0);
    followed
        .write("UPDATE orders SET total = 5 WHERE id = 2")
        .await;
    followed.agrees("id, total, state").await;
    // Ours are there now, and need no word any more; a new table does.
    followed
        .site
        .revision("002_more", "CREATE INDEX orders_state ON orders (state);");
    followed.site.run(&["upgrade"]).ends(0);
    followed
        .site
        .revision("003_new", "CREATE TABLE more (id int PRIMARY KEY);");
    followed
        .site
        .run(&["upgrade"])
        .ends(1)
        .says("as soon as it is there");
    followed
        .write("UPDATE orders SET total = 6 WHERE id = 2")
        .await;
    followed.agrees("id, total, state").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_reads_nothing_is_wanted() {
    let site = Site::with(
        &LOGICAL,
        ORDERS,
        &[(
            "001_change",
            "ALTER TABLE orders ALTER COLUMN total TYPE bigint;",
        )],
    )
    .await;
    let said = site.run(&["plan"]).ends(0);
    assert!(!said.out.contains("do this there first"), "{}", said.out);
    site.client.batch_execute(READ).await.unwrap();
    site.run(&["plan"]).ends(0).says("do this there first");
    // A list of columns keeps what comes from what is sent; PostgreSQL 14 has none.
    if site
        .value::<i32>("SELECT current_setting('server_version_num')::int")
        .await
        >= 150_000
    {
        site.client
            .batch_execute("ALTER PUBLICATION sent SET TABLE orders (id, state)")
            .await
            .unwrap();
        let said = site.run(&["plan"]).ends(0);
        assert!(!said.out.contains("do this there first"), "{}", said.out);
    }
}

/// A reader of the plugin's stream that knows tables by the messages that describe them, and rows
/// by their keys.
#[derive(Default)]
struct Reader {
    columns: BTreeMap<u32, Vec<String>>,
    rows: BTreeMap<String, BTreeMap<String, Option<String>>>,
}

/// What is left of a message.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    fn byte(&mut self) -> u8 {
        self.take(1)[0]
    }

    fn short(&mut self) -> u16 {
        u16::from_be_bytes(self.take(2).try_into().unwrap())
    }

    fn long(&mut self) -> u32 {
        u32::from_be_bytes(self.take(4).try_into().unwrap())
    }

    fn text(&mut self) -> String {
        let length = self.0.iter().position(|byte| *byte == 0).unwrap();
        let text = String::from_utf8(self.take(length).to_vec()).unwrap();
        self.byte();
        text
    }
}

impl Reader {
    /// Everything that the slot has.
    async fn read(&mut self, client: &Client) {
        let sql = "SELECT data FROM pg_logical_slot_get_binary_changes('reads', NULL, NULL, 'proto_version', '1', 'publication_names', 'sent')";
        for row in client.query(sql, &[]).await.unwrap() {
            let data: Vec<u8> = row.get(0);
            self.message(&mut Rest(&data));
        }
    }

    fn message(&mut self, rest: &mut Rest<'_>) {
        match rest.byte() {
            b'R' => {
                let relation = rest.long();
                let _names = (rest.text(), rest.text(), rest.byte());
                let count = rest.short();
                let column =
                    |rest: &mut Rest<'_>| (rest.byte(), rest.text(), rest.long(), rest.long()).1;
                let columns = (0..count).map(|_| column(rest)).collect();
                self.columns.insert(relation, columns);
            }
            b'I' => {
                let relation = rest.long();
                assert_eq!(rest.byte(), b'N');
                self.row(relation, rest);
            }
            b'U' => {
                let relation = rest.long();
                if rest.byte() != b'N' {
                    // The old row, or its key.
                    self.values(relation, rest);
                    assert_eq!(rest.byte(), b'N');
                }
                self.row(relation, rest);
            }
            b'D' => {
                let relation = rest.long();
                rest.byte();
                let old = self.values(relation, rest);
                self.rows.remove(&old["id"].clone().unwrap());
            }
            _ => {}
        }
    }

    fn values(&self, relation: u32, rest: &mut Rest<'_>) -> BTreeMap<String, Option<String>> {
        let columns = &self.columns[&relation];
        assert_eq!(
            usize::from(rest.short()),
            columns.len(),
            "a row of other columns than were described"
        );
        let value = |rest: &mut Rest<'_>| match rest.byte() {
            b't' => {
                let length = rest.long() as usize;
                Some(String::from_utf8(rest.take(length).to_vec()).unwrap())
            }
            _ => None,
        };
        columns
            .iter()
            .map(|column| (column.clone(), value(rest)))
            .collect()
    }

    /// Columns that are no more are told from the table by the last description.
    fn row(&mut self, relation: u32, rest: &mut Rest<'_>) {
        let values = self.values(relation, rest);
        self.rows.insert(values["id"].clone().unwrap(), values);
    }
}

async fn read_through(sql: &str, before: &str, after: &str, column: &str) {
    let site = Site::with(&LOGICAL, "", &[("001_change", sql)]).await;
    let begin = ORDERS.split("INSERT").next().unwrap();
    site.client
        .batch_execute(&format!("{begin} CREATE PUBLICATION sent FOR TABLE orders"))
        .await
        .unwrap();
    site.client.batch_execute(READ).await.unwrap();
    site.client
        .batch_execute("INSERT INTO orders (id, total) SELECT g, g * 10 FROM generate_series(1, 500) g; ANALYZE")
        .await
        .unwrap();
    let mut reader = Reader::default();
    reader.read(&site.client).await;
    site.run(READY).ends(3);
    site.client.batch_execute(before).await.unwrap();
    // Half of it is read while the second column is there.
    reader.read(&site.client).await;
    site.run(&["contract"]).ends(0);
    site.client.batch_execute(after).await.unwrap();
    reader.read(&site.client).await;
    let expected = site
        .client
        .query(&format!("SELECT id::text, {column}::text FROM orders"), &[])
        .await
        .unwrap();
    assert_eq!(expected.len(), reader.rows.len());
    for row in expected {
        let (id, value): (String, Option<String>) = (row.get(0), row.get(1));
        assert_eq!(reader.rows[&id][column], value, "order {id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_reads_through_a_change_of_type() {
    read_through(
        "ALTER TABLE orders ALTER COLUMN total TYPE bigint;",
        "UPDATE orders SET total = 5 WHERE id = 7; INSERT INTO orders VALUES (900, 9); DELETE FROM orders WHERE id = 8",
        "UPDATE orders SET total = 6000000000 WHERE id = 9; INSERT INTO orders (id, total) VALUES (901, 6000000001)",
        "total",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_reads_through_a_rename() {
    read_through(
        "ALTER TABLE orders RENAME COLUMN state TO status;",
        "UPDATE orders SET state = 'paid' WHERE id = 7; INSERT INTO orders VALUES (900, 9); DELETE FROM orders WHERE id = 8",
        "UPDATE orders SET status = 'sent' WHERE id = 9; INSERT INTO orders (id, total, status) VALUES (901, 1, 'x')",
        "status",
    )
    .await;
}
