//! What an older version left in the database is gone on with; what a newer one left is not
//! touched.

use crate::corpus::{Copied, FAMILIES, tables};
use crate::fixture::Site;
use concertina_engine::{Connect, Engine, Settings};
use concertina_planner::stored::StoredPlan;
use concertina_planner::{Catalog, plan};
use concertina_revisions::{Revision, RevisionId};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

const FORMAT_1: &str = include_str!("state/format_1.sql");

/// The revision that [`FORMAT_1`] is in the middle of, to the letter.
const TEAM: &str = "ALTER TABLE leads ADD COLUMN team_id int;
UPDATE leads SET team_id = owner_id * 10 WHERE team_id IS NULL;
ALTER TABLE leads ALTER COLUMN team_id SET NOT NULL;
";

const LEADS: &str = "CREATE TABLE leads (id int PRIMARY KEY, owner_id int NOT NULL, team_id int);
    INSERT INTO leads SELECT g, 1 + g % 50 FROM generate_series(1, 20000) g; ANALYZE leads;";

/// The trigger, and the checkpoint as if this table were the one: half of the first window is
/// behind it, and all of the second.
const IN_THE_MIDDLE: &str =
    "CREATE TRIGGER zzz_concertina_sync_5bdc2ff0072b BEFORE INSERT OR UPDATE ON leads FOR EACH ROW WHEN (new.team_id IS NULL) EXECUTE FUNCTION concertina.zzz_concertina_sync_5bdc2ff0072b();
    ALTER TABLE leads ENABLE ALWAYS TRIGGER zzz_concertina_sync_5bdc2ff0072b;
    UPDATE concertina.job SET relation = 'leads'::regclass, filenode = pg_relation_filenode('leads'), blocks = 60;
    UPDATE concertina.range SET start_block = 0, end_block = 40, next_block = 20, pass = 0, passes = 1, rows = 1000000, done = false WHERE start_block = 0;
    UPDATE concertina.range SET start_block = 40, end_block = 60, next_block = 60, rows = 0 WHERE start_block > 0;";

async fn of_format_1() -> Site {
    let site = Site::new(LEADS, &[("001_team", TEAM)]).await;
    site.server.psql("site", FORMAT_1).unwrap();
    site.client.batch_execute(IN_THE_MIDDLE).await.unwrap();
    site
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_of_the_first_format_is_gone_on_with() {
    let site = of_format_1().await;
    // Those who only look needn't wait for someone to bring it forward.
    site.run(&["status"]).ends(0).says("001_team: running");
    site.run(&["upgrade"]).ends(3).says("1,020,000 rows");
    let walked: i64 = site
        .value("SELECT rows FROM concertina.range WHERE start_block = 0")
        .await;
    assert!(
        walked > 1_000_000 && walked < 1_000_000 + 8_000,
        "only what was left of the window: {walked}"
    );
    assert_eq!(
        site.value::<i64>(
            "SELECT count(*) FROM leads WHERE team_id IS DISTINCT FROM owner_id * 10"
        )
        .await,
        0
    );
    site.run(&["contract"]).ends(0);
    assert_eq!(
        site.value::<i32>("SELECT format FROM concertina.meta")
            .await,
        5
    );
    assert_eq!(
        site.value::<String>("SELECT version FROM concertina.meta")
            .await,
        env!("CARGO_PKG_VERSION")
    );
    site.run(&["downgrade", "base", "--contract"]).ends(0);
}

const TABLES: &str = "SELECT string_agg(format('%s %s %s %s', c.relname, a.attname, a.atttypid::regtype, a.attnotnull), E'\\n' ORDER BY c.relname, a.attnum)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'concertina'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped";

#[tokio::test(flavor = "multi_thread")]
async fn an_older_format_comes_to_what_is_made_anew() {
    let (old, new) = (
        of_format_1().await,
        Site::new(LEADS, &[("001_team", "CREATE TABLE t (id int);")]).await,
    );
    old.run(&["rollback"]).ends(0);
    new.run(&["upgrade"]).ends(0);
    assert_eq!(
        old.value::<String>(TABLES).await,
        new.value::<String>(TABLES).await
    );
    // A script does the same.
    let script = of_format_1().await;
    script.run(&["rollback"]).ends(0);
    script
        .client
        .batch_execute("ALTER TABLE concertina.meta DROP COLUMN version; UPDATE concertina.meta SET format = 1")
        .await
        .unwrap();
    script.revision("001_team", "CREATE TABLE t (id int);");
    let sql = script.run(&["upgrade", "--sql"]).ends(0).out;
    script.server.psql("site", &sql).unwrap();
    assert_eq!(
        script.value::<String>(TABLES).await,
        new.value::<String>(TABLES).await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_format_is_refused_by_every_verb_and_stays_as_it_is() {
    let site = Site::new(
        LEADS,
        &[
            ("001_note", "CREATE TABLE notes (id int);"),
            ("002_more", "CREATE TABLE more (id int);"),
        ],
    )
    .await;
    site.run(&["upgrade", "001"]).ends(0);
    let script = site.run(&["upgrade", "--sql"]).ends(0).out;
    site.client
        .batch_execute("UPDATE concertina.meta SET format = 99, version = '9.9.9'")
        .await
        .unwrap();
    for words in [
        &["upgrade"] as &[&str],
        &["downgrade", "base"],
        &["rollback"],
        &["contract"],
        &["status"],
        &["current"],
        &["plan"],
        &["pause", "tonight"],
        &["stamp", "head"],
        &["upgrade", "--sql"],
    ] {
        let said = site.run(words);
        assert!(
            said.code != 0 && said.err.contains("format 99, written by concertina 9.9.9"),
            "{words:?}: {}{}",
            said.out,
            said.err
        );
    }
    // A script that was written without looking refuses as well.
    let error = site.server.psql("site", &script).unwrap_err().to_string();
    assert!(error.contains("format 99"), "{error}");
    assert_eq!(
        site.value::<i32>("SELECT format FROM concertina.meta")
            .await,
        99
    );
    assert!(
        site.value::<bool>("SELECT to_regclass('more') IS NULL")
            .await
    );
}

/// The forms that plans of the corpus had when they were first stored: a new version must read
/// each.
const PLANS_1: &str = "tests/it/state/plans_1.json";

/// Every place in a value, without the numbers of lists: `plan.expand.work.quick`.
fn forms(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| forms(value, &format!("{at}.{name}"), found)),
        Value::Array(items) => items.iter().for_each(|item| forms(item, at, found)),
        _ => drop(found.insert(at.to_owned())),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_that_were_stored_once_are_read_for_ever() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(PLANS_1);
    if std::env::var_os("CONCERTINA_BLESS").is_some() && !file.exists() {
        std::fs::write(&file, stored().await).unwrap();
    }
    let text = std::fs::read_to_string(&file).unwrap();
    let plans: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(plans.len() > 30, "{} plans", plans.len());
    for plan in plans {
        let read =
            StoredPlan::read(&plan.to_string()).unwrap_or_else(|error| panic!("{error}\n{plan}"));
        // Nothing of it is lost: what is written again has all that was read.
        let (mut before, mut after) = (BTreeSet::new(), BTreeSet::new());
        forms(&plan, "", &mut before);
        forms(
            &serde_json::to_value(StoredPlan::new(read)).unwrap(),
            "",
            &mut after,
        );
        let lost: Vec<&String> = before.difference(&after).collect();
        assert!(lost.is_empty(), "{lost:?}");
    }
}

/// One plan a line, of as many cases as it takes to have every form.
async fn stored() -> String {
    let copied = Copied::new(&[], &tables(300)).await;
    let connect = Connect::parse(&copied.server.url("tables")).unwrap();
    let catalog: Catalog = Engine::new(connect, Settings::default(), Arc::new(|_| {}))
        .0
        .catalog()
        .await
        .unwrap();
    let (mut known, mut lines) = (BTreeSet::new(), String::new());
    for case in FAMILIES.iter().flat_map(|(_, cases)| *cases) {
        let revision = Revision::from_text(&RevisionId::new("001_change"), case.sql).unwrap();
        let Ok(plan) = plan(&revision, &catalog) else {
            continue;
        };
        let value = serde_json::to_value(StoredPlan::new(plan)).unwrap();
        let before = known.len();
        forms(&value, "", &mut known);
        if known.len() > before {
            lines += &value.to_string();
            lines.push('\n');
        }
    }
    lines
}
