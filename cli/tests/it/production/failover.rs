//! The primary is gone, and a standby takes its place: the same run goes on there, with what the
//! standby has.

use super::{LEADS, LOWER, WRONG};
use crate::fixture::{Said, Site, bare, said};
use concertina_sandbox::{Postgres, Proxy};
use std::process::{Child, Stdio};
use std::time::Duration;
use tokio_postgres::Client;

/// Two servers, one of which follows the other, under one URL.
struct Pair {
    site: Site,
    standby: Postgres,
    /// What leads from the primary to the standby.
    feed: Proxy,
    url: String,
}

impl Pair {
    async fn new(schema: &str, revisions: &[(&str, &str)]) -> Pair {
        let site = Site::new(schema, revisions).await;
        let feed = Proxy::start(site.server.port()).await.unwrap();
        let standby = site
            .server
            .standby_through("second", feed.port(), &[])
            .await
            .unwrap();
        let url = format!(
            "postgres://postgres@127.0.0.1:{},127.0.0.1:{}/{}?target_session_attrs=read-write&sslmode=disable",
            site.server.port(),
            standby.port(),
            site.database
        );
        Pair {
            site,
            standby,
            feed,
            url,
        }
    }

    /// Each commit waits for the standby from now on.
    async fn synchronous(self) -> Pair {
        self.site
            .client
            .batch_execute("ALTER SYSTEM SET synchronous_standby_names = 'second'")
            .await
            .unwrap();
        self.site
            .client
            .batch_execute("SELECT pg_reload_conf()")
            .await
            .unwrap();
        self.until(
            "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'",
            1,
        )
        .await;
        self
    }

    fn begin(&self, words: &[&str]) -> Child {
        let mut command = bare(self.site.folder.path(), words);
        command
            .env("DATABASE_URL", &self.url)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Waits until the primary counts at least so many.
    async fn until(&self, sql: &str, least: i64) {
        for _ in 0..1_500 {
            // What is counted may not be there at first.
            if self
                .site
                .client
                .query_one(sql, &[])
                .await
                .map_or(0_i64, |row| row.get(0))
                >= least
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never {least}: {sql}");
    }

    /// The standby receives all that was written so far.
    async fn caught_up(&self) {
        let written: String = self
            .site
            .client
            .query_one("SELECT pg_current_wal_lsn()::text", &[])
            .await
            .unwrap()
            .get(0);
        let client = self.standby.connect(&self.site.database).await.unwrap();
        let there = format!("SELECT pg_last_wal_replay_lsn() >= '{written}'");
        for _ in 0..1_500 {
            if client.query_one(&there, &[]).await.unwrap().get(0) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the standby doesn't catch up");
    }

    /// The primary ends as by a crash, and the standby is promoted with what it has.
    async fn fail_over(&self) -> Client {
        self.site.server.signal("QUIT").unwrap();
        self.standby.promote().await.unwrap();
        self.standby.connect(&self.site.database).await.unwrap()
    }
}

fn ended(child: Child) -> Said {
    said(&child.wait_with_output().unwrap())
}

async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_middle_of_a_backfill() {
    let pair = Pair::new(LEADS, &[("001_lower", LOWER)]).await;
    let run = pair.begin(&["upgrade", "--rows-per-second-max", "1000"]);
    let filled = "SELECT count(*) FROM leads WHERE lower IS NOT NULL";
    pair.until(filled, 500).await;
    pair.caught_up().await;
    let client = pair.fail_over().await;
    let known = count(&client, filled).await;
    assert!((1..3_000).contains(&known), "in the middle: {known}");
    ended(run).ends(3).says("failed over");
    assert_eq!(count(&client, WRONG).await, 0);
    ended(pair.begin(&["contract"])).ends(0);
    assert_eq!(
        count(
            &client,
            "SELECT count(*) FROM pg_attribute WHERE attname = 'lower' AND attnotnull"
        )
        .await,
        1
    );
    assert_eq!(
        count(&client, "SELECT sum(rows)::bigint FROM concertina.range").await,
        3_000,
        "each counted once"
    );
}

/// Statements that must change each row once.
const ONCE: [(&str, &str, &str); 3] = [
    (
        "UPDATE leads SET n = n + 1;",
        "SELECT count(*) FROM leads WHERE n = 1",
        "SELECT count(*) FROM leads WHERE n <> 1",
    ),
    (
        "-- concertina: key (id)\nUPDATE leads SET n = n + 1;",
        "SELECT count(*) FROM leads WHERE n = 1",
        "SELECT count(*) FROM leads WHERE n <> 1",
    ),
    // One that is done again would find another average.
    (
        "DELETE FROM leads WHERE id < (SELECT avg(id) FROM leads);",
        "SELECT 30000 - count(*) FROM leads",
        "SELECT abs(15000 - count(*)) FROM leads",
    ),
];

async fn once(at: usize) {
    let (sql, done, wrong) = ONCE[at];
    let schema = format!(
        "{LEADS} INSERT INTO leads SELECT g, 'Lead' || g FROM generate_series(3001, 30000) g;
         ALTER TABLE leads ADD COLUMN n int NOT NULL DEFAULT 0; ANALYZE;"
    );
    let pair = Pair::new(&schema, &[("001_once", sql)]).await;
    let run = pair.begin(&["upgrade", "--contract", "--rows-per-second-max", "5000"]);
    pair.until(done, 200).await;
    pair.caught_up().await;
    // What is acknowledged from here on is lost, checkpoints and rows together.
    pair.feed.silence();
    let known = count(&pair.site.client, done).await;
    pair.until(done, known + 200).await;
    let client = pair.fail_over().await;
    assert!(count(&client, done).await < known + 200, "some are lost");
    ended(run).ends(0).says("failed over");
    assert_eq!(count(&client, wrong).await, 0, "{sql}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_is_changed_twice_where_blocks_are_walked() {
    once(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_is_changed_twice_where_a_key_is_walked() {
    once(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_is_changed_twice_where_a_list_is_walked() {
    once(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_an_index_is_built() {
    let pair = Pair::new(LEADS, &[("001_lower", LOWER)])
        .await
        .synchronous()
        .await;
    let other = pair.site.server.connect(&pair.site.database).await.unwrap();
    other
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
        .await
        .unwrap();
    let run = pair.begin(&["upgrade"]);
    // It waits for the old snapshot.
    pair.until(
        "SELECT count(*) FROM pg_index WHERE NOT indisvalid AND indrelid = 'leads'::regclass",
        1,
    )
    .await;
    let client = pair.fail_over().await;
    ended(run).ends(3);
    assert_eq!(count(&client, WRONG).await, 0);
    ended(pair.begin(&["contract"])).ends(0);
    let built = "SELECT count(*) FROM pg_index WHERE indrelid = 'leads'::regclass AND indisvalid";
    assert_eq!(count(&client, built).await, 2);
    assert_eq!(
        count(
            &client,
            "SELECT count(*) FROM pg_index WHERE NOT indisvalid"
        )
        .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn while_contract_waits_for_a_lock() {
    let pair = Pair::new(LEADS, &[("001_lower", LOWER)]).await;
    ended(pair.begin(&["upgrade"])).ends(3);
    let other = pair.site.server.connect(&pair.site.database).await.unwrap();
    other
        .batch_execute("BEGIN; SELECT FROM leads LIMIT 1")
        .await
        .unwrap();
    let run = pair.begin(&["contract"]);
    pair.until(
        "SELECT count(*) FROM concertina.revision WHERE state = 'contracting'",
        1,
    )
    .await;
    pair.caught_up().await;
    let client = pair.fail_over().await;
    ended(run).ends(0);
    assert_eq!(count(&client, WRONG).await, 0);
    assert_eq!(
        count(
            &client,
            "SELECT count(*) FROM pg_attribute WHERE attname = 'lower' AND attnotnull"
        )
        .await,
        1
    );
    assert_eq!(
        count(
            &client,
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'leads'::regclass"
        )
        .await,
        0
    );
    ended(pair.begin(&["status"])).ends(0);
}

/// Revisions of which the first is done, and lost, before the second begins.
#[tokio::test(flavor = "multi_thread")]
async fn a_revision_that_was_done_and_is_lost_is_done_again_before_the_next() {
    let schema = "CREATE TABLE a (id int); CREATE TABLE b (id int);";
    let pair = Pair::new(
        schema,
        &[
            ("001_a", "ALTER TABLE a ADD COLUMN x int;"),
            ("002_b", "ALTER TABLE b ADD COLUMN x int;"),
        ],
    );
    let pair = pair.await;
    pair.caught_up().await;
    pair.feed.silence();
    let other = pair.site.server.connect(&pair.site.database).await.unwrap();
    other
        .batch_execute("BEGIN; LOCK TABLE b IN ACCESS SHARE MODE")
        .await
        .unwrap();
    let run = pair.begin(&["upgrade"]);
    pair.until(
        "SELECT count(*) FROM concertina.revision WHERE state = 'applied'",
        1,
    )
    .await;
    let client = pair.fail_over().await;
    ended(run).ends(0).says("001_a").says("002_b");
    let columns = "SELECT count(*) FROM pg_attribute WHERE attname = 'x' AND attrelid IN ('a'::regclass, 'b'::regclass)";
    assert_eq!(count(&client, columns).await, 2);
    let applied = "SELECT count(*) FROM concertina.revision WHERE state = 'applied'";
    assert_eq!(count(&client, applied).await, 2);
}

/// What isn't told by its target how far it goes isn't begun a second time by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_way_back_ends_with_what_to_do() {
    let pair = Pair::new(LEADS, &[("001_lower", LOWER)]).await;
    ended(pair.begin(&["upgrade"])).ends(3);
    let other = pair.site.server.connect(&pair.site.database).await.unwrap();
    other
        .batch_execute("BEGIN; SELECT FROM leads LIMIT 1")
        .await
        .unwrap();
    let run = pair.begin(&["rollback"]);
    pair.until(
        "SELECT count(*) FROM concertina.revision WHERE state = 'undoing'",
        1,
    )
    .await;
    pair.caught_up().await;
    let client = pair.fail_over().await;
    ended(run)
        .ends(1)
        .says("failed over")
        .says("concertina status")
        .says("run the same command again");
    ended(pair.begin(&["rollback"])).ends(0);
    assert_eq!(
        count(&client, "SELECT count(*) FROM concertina.revision").await,
        0
    );
    assert_eq!(
        count(
            &client,
            "SELECT count(*) FROM pg_attribute WHERE attname = 'lower'"
        )
        .await,
        0
    );
    assert_eq!(
        count(
            &client,
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'leads'::regclass"
        )
        .await,
        0
    );
}
