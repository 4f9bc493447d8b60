//! The primary is gone, and a standby takes its place: the same run goes on there.

use super::{LEADS, LOWER, WRONG};
use crate::fixture::{Said, Site, bare, said};
use concertina_sandbox::Postgres;
use std::process::{Child, Stdio};
use std::time::Duration;
use tokio_postgres::Client;

/// Two servers, one of which follows the other, under one URL.
struct Pair {
    site: Site,
    standby: Postgres,
    url: String,
}

impl Pair {
    async fn new() -> Pair {
        let site = Site::new(LEADS, &[("001_lower", LOWER)]).await;
        let standby = site.server.standby("second").await.unwrap();
        let url = format!(
            "postgres://postgres@127.0.0.1:{},127.0.0.1:{}/{}?target_session_attrs=read-write&sslmode=disable",
            site.server.port(),
            standby.port(),
            site.database
        );
        Pair { site, standby, url }
    }

    fn begin(&self, words: &[&str]) -> Child {
        let mut command = bare(self.site.folder.path(), words);
        command.env("DATABASE_URL", &self.url).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The primary ends as by a crash, once the standby has what it wrote so far, and the standby is promoted.
    async fn fail_over(&self) -> Client {
        let written: String =
            self.site.client.query_one("SELECT pg_current_wal_lsn()::text", &[]).await.unwrap().get(0);
        let client = self.standby.connect(&self.site.database).await.unwrap();
        let there = format!("SELECT pg_last_wal_replay_lsn() >= '{written}'");
        for _ in 0..400 {
            if client.query_one(&there, &[]).await.unwrap().get(0) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.site.server.signal("QUIT").unwrap();
        let promoted: bool = client.query_one("SELECT pg_promote()", &[]).await.unwrap().get(0);
        assert!(promoted);
        client
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
    let pair = Pair::new().await;
    let run = pair.begin(&["upgrade", "--rows-per-second-max", "1000"]);
    let filled = "SELECT count(*) FROM leads WHERE lower IS NOT NULL";
    for _ in 0..1_000 {
        // The column isn't there at first.
        let known = pair.site.client.query_one(filled, &[]).await.map_or(0_i64, |row| row.get(0));
        if known > 500 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let client = pair.fail_over().await;
    let known = count(&client, filled).await;
    assert!((1..3_000).contains(&known), "in the middle: {known}");
    ended(run).ends(3);
    assert_eq!(count(&client, WRONG).await, 0);
    ended(pair.begin(&["contract"])).ends(0);
    assert_eq!(count(&client, "SELECT count(*) FROM pg_attribute WHERE attname = 'lower' AND attnotnull").await, 1);
    assert_eq!(count(&client, "SELECT sum(rows)::bigint FROM concertina.range").await, 3_000, "each counted once");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_contract_waits_for_a_lock() {
    let pair = Pair::new().await;
    ended(pair.begin(&["upgrade"])).ends(3);
    let other = pair.site.server.connect(&pair.site.database).await.unwrap();
    other.batch_execute("BEGIN; SELECT FROM leads LIMIT 1").await.unwrap();
    let run = pair.begin(&["contract"]);
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'leads'::regclass";
    for _ in 0..1_000 {
        if count(&pair.site.client, waits).await > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let client = pair.fail_over().await;
    ended(run).ends(0);
    assert_eq!(count(&client, WRONG).await, 0);
    assert_eq!(count(&client, "SELECT count(*) FROM pg_attribute WHERE attname = 'lower' AND attnotnull").await, 1);
    assert_eq!(count(&client, "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'leads'::regclass").await, 0);
    ended(pair.begin(&["status"])).ends(0);
}
