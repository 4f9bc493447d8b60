//! What others do to the same tables, and to the disk, while a migration is under way.

use crate::fixture::{Said, Site, said};
use crate::kill::checkpointed;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const LEADS: &str = "CREATE TABLE owners (id int PRIMARY KEY, team_id int NOT NULL);
    INSERT INTO owners SELECT g, g * 10 FROM generate_series(1, 50) g;
    CREATE TABLE leads (id int PRIMARY KEY, owner_id int NOT NULL, note text NOT NULL DEFAULT repeat('x', 80));
    INSERT INTO leads SELECT g, 1 + g % 50 FROM generate_series(1, 60000) g; ANALYZE;";

const TEAM: &str = "ALTER TABLE leads ADD COLUMN team_id int;
    UPDATE leads SET team_id = o.team_id FROM owners o WHERE o.id = leads.owner_id AND leads.team_id IS NULL;
    ALTER TABLE leads ALTER COLUMN team_id SET NOT NULL;";

const WRONG: &str = "SELECT count(*) FROM leads l JOIN owners o ON o.id = l.owner_id WHERE l.team_id IS DISTINCT FROM o.team_id";

/// An upgrade that is in the middle of its backfill, and slow.
async fn in_the_middle(site: &Site) -> Child {
    let mut command = site.command(&["upgrade", "--rows-per-second-max", "20000"]);
    let mut engine = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    for _ in 0..2_000 {
        if checkpointed(site).await > 5_000 {
            return engine;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    engine.kill().unwrap();
    panic!("it never came to its backfill: {}", ended(engine).err);
}

fn ended(engine: Child) -> Said {
    said(&engine.wait_with_output().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_renamed_meanwhile_stops_it_and_renamed_back_it_goes_on() {
    let site = Site::new(LEADS, &[("001_team", TEAM)]).await;
    let engine = in_the_middle(&site).await;
    site.client
        .batch_execute("ALTER TABLE leads RENAME TO customers")
        .await
        .unwrap();
    ended(engine)
        .ends(1)
        .says("relation \"public.leads\" does not exist");
    site.run(&["status"]).ends(0).says("running");
    // Another table of that name is not what was walked.
    site.client
        .batch_execute("ALTER TABLE customers RENAME TO leads")
        .await
        .unwrap();
    site.run(&["upgrade"]).ends(3);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
    site.run(&["contract"]).ends(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_is_dropped_meanwhile_stops_it_and_it_can_be_taken_back() {
    let site = Site::new(LEADS, &[("001_team", TEAM)]).await;
    let start = site.schema();
    let engine = in_the_middle(&site).await;
    site.client
        .batch_execute("ALTER TABLE leads DROP COLUMN team_id CASCADE")
        .await
        .unwrap();
    ended(engine).ends(1).says("team_id");
    site.run(&["upgrade"]).ends(1).says("team_id");
    site.run(&["rollback"]).ends(0);
    assert_eq!(site.schema(), start);
    site.run(&["upgrade", "--contract"]).ends(0);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_dropped_meanwhile_stops_it_and_the_rest_can_be_taken_back() {
    let site = Site::new(LEADS, &[("001_team", TEAM)]).await;
    let engine = in_the_middle(&site).await;
    site.client
        .batch_execute("DROP TABLE leads CASCADE")
        .await
        .unwrap();
    ended(engine).ends(1);
    site.run(&["rollback"]).ends(0);
    site.run(&["status"]).ends(0);
    assert_eq!(
        site.value::<i64>(
            "SELECT count(*) FROM pg_proc WHERE pronamespace = 'concertina'::regnamespace"
        )
        .await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_is_dropped_meanwhile_is_made_up_for() {
    let site = Site::new(LEADS, &[("001_team", TEAM)]).await;
    let engine = in_the_middle(&site).await;
    let drop = "DO $$ DECLARE name text; BEGIN
        SELECT tgname INTO name FROM pg_trigger WHERE tgrelid = 'leads'::regclass AND tgname LIKE 'zzz%';
        EXECUTE format('DROP TRIGGER %I ON leads', name); END $$;
        INSERT INTO leads (id, owner_id) SELECT g, 7 FROM generate_series(100001, 100500) g;";
    site.client.batch_execute(drop).await.unwrap();
    // Rows without a value that no trigger filled: the sweep finds them.
    ended(engine).ends(3);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
    // Those that come after it are found by the proof that contract asks for.
    site.client
        .batch_execute("INSERT INTO leads (id, owner_id) VALUES (200000, 9)")
        .await
        .ok();
    site.run(&["contract"]).ends(0);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
}

/// Queries that come to two tables the other way round than the statement of ours: one is in the
/// middle at any time.
#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_lock_in_another_order_neither_fail_nor_keep_it_waiting_for_ever() {
    let key = "CREATE TABLE calls (id int PRIMARY KEY, lead_id int CONSTRAINT calls_lead REFERENCES leads);
        INSERT INTO calls SELECT g, g FROM generate_series(1, 500) g;";
    let drop = "ALTER TABLE calls DROP CONSTRAINT calls_lead;";
    let site = Site::new(&format!("{LEADS}{key}"), &[("001_drop", drop)]).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for late in 0..3 {
        let (client, stop) = (
            site.server.connect(&site.database).await.unwrap(),
            Arc::clone(&stop),
        );
        writers.push(tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(10 * late)).await;
            while !stop.load(Ordering::Relaxed) {
                let turn = "BEGIN; LOCK TABLE leads IN ROW EXCLUSIVE MODE; SELECT pg_sleep(0.03);
                    LOCK TABLE calls IN ROW SHARE MODE; COMMIT";
                client.batch_execute(turn).await.unwrap();
            }
        }));
    }
    site.run(&["upgrade", "--contract", "--lock-budget-s", "30"])
        .ends(0);
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM pg_constraint WHERE conname = 'calls_lead'")
            .await,
        0
    );
}

/// A file system of a few megabytes, where this machine lets us have one.
struct Small<'a>(&'a Path);

impl<'a> Small<'a> {
    fn mount(folder: &'a Path, megabytes: u32, user: u32) -> Option<Small<'a>> {
        let options = format!("size={megabytes}m,uid={user},mode=700");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(folder)
            .output()
            .ok()?;
        mounted.status.success().then_some(Small(folder))
    }

    fn grow(&self, megabytes: u32) {
        let options = format!("remount,size={megabytes}m");
        let grown = Command::new("mount")
            .args(["-o", &options])
            .arg(self.0)
            .status()
            .unwrap();
        assert!(grown.success());
    }
}

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

/// Where nothing can be mounted, trials raise the same SQLSTATE (`./dev chaos`).
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_it_and_with_more_room_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let site = Site::new(LEADS, &[("001_team", TEAM)]).await;
    let user = std::fs::metadata(format!("/proc/{}", site.server.pid()))
        .unwrap()
        .uid();
    let Some(small) = Small::mount(folder.path(), 14, user) else {
        return;
    };
    let place = folder.path().display();
    site.client
        .batch_execute(&format!("CREATE TABLESPACE small LOCATION '{place}'"))
        .await
        .unwrap();
    site.client
        .batch_execute(
            "ALTER TABLE leads SET TABLESPACE small; ALTER INDEX leads_pkey SET TABLESPACE small",
        )
        .await
        .unwrap();
    // What is left of the room.
    site.client
        .batch_execute("CREATE TABLE filler (t text) TABLESPACE small")
        .await
        .unwrap();
    while site
        .client
        .batch_execute("INSERT INTO filler SELECT repeat('f', 900) FROM generate_series(1, 200)")
        .await
        .is_ok()
    {}
    let full = site.run(&["upgrade"]).ends(1);
    assert!(
        full.err.contains("[53100]") && full.err.contains("No space left"),
        "{}",
        full.err
    );
    site.run(&["status"]).ends(0).says("running");
    small.grow(200);
    site.run(&["upgrade"]).ends(3);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM leads").await,
        60_000
    );
    site.run(&["contract"]).ends(0);
}
