//! Each case through its whole life: rolled back half way without a trace, run to the end with the
//! same schema and rows as psql gives, and down again to where it began.

use crate::corpus::{Case, Copied, each, tables};
use crate::fixture::Site;
use std::sync::Arc;
use tokio_postgres::Client;

/// Takes each case of a family through its life.
pub(crate) async fn family(cases: &'static [Case]) {
    let copied = Arc::new(Copied::new(&[], &tables(3000)).await);
    each(cases, |case| lives(Arc::clone(&copied), case)).await;
}

/// Runs a case in every way.
async fn lives(copied: Arc<Copied>, case: &'static Case) {
    let (here, there) = (
        format!("{}_here", case.name),
        format!("{}_there", case.name),
    );
    let site = Site::copy(&copied, &here, &[("001_change", case.sql)]).await;
    if copied.major < case.since {
        let said = site.run(&["check"]).ends(2);
        assert!(
            said.out.contains(&format!("PostgreSQL {}", case.since)),
            "{}{}",
            said.out,
            said.err
        );
        return;
    }
    // What psql would make of it, on a copy.
    copied.copy(&there).await;
    let naive = site.server.connect(&there).await.unwrap();
    as_psql(&naive, case.sql)
        .await
        .unwrap_or_else(|error| panic!("{error:?}"));
    let told = |dump: &str| {
        if case.moves {
            without_order(dump)
        } else {
            dump.to_owned()
        }
    };
    let (start, wanted) = (
        told(&copied.start),
        told(&site.server.dump_schema(&there).unwrap()),
    );
    every_way(case, &site, &naive, &start, &wanted, told).await;
    for database in [&here, &there] {
        site.server.drop_database(database).await.unwrap();
    }
}

async fn every_way(
    case: &Case,
    site: &Site,
    naive: &Client,
    start: &str,
    wanted: &str,
    told: impl Fn(&str) -> String,
) {
    let half_way = site.run(&["upgrade"]);
    if half_way.code == 3 {
        site.run(&["rollback"]).ends(0);
        assert_eq!(told(&site.schema()), start, "rollback leaves no trace");
        site.run(&["upgrade"]).ends(3);
        site.run(&["contract"]).ends(0);
    } else {
        half_way.ends(0);
    }
    assert_eq!(
        told(&site.schema()),
        wanted,
        "the schema is what psql gives"
    );
    assert_eq!(
        rows(&site.client).await,
        rows(naive).await,
        "and so are the rows"
    );
    assert_eq!(
        site.value::<i64>(
            "SELECT count(*) FROM pg_proc WHERE pronamespace = 'concertina'::regnamespace"
        )
        .await,
        0
    );
    if !case.reversible {
        site.run(&["downgrade", "base", "--contract"]).ends(1);
        assert_eq!(told(&site.schema()), wanted, "a refusal changes nothing");
        return;
    }
    site.run(&["downgrade", "base", "--contract", "--allow-data-loss"])
        .ends(0);
    assert_eq!(told(&site.schema()), start, "down again is where it began");
    // As scripts, by psql.
    by_psql(site, &["upgrade", "--sql", "--contract"]);
    assert_eq!(told(&site.schema()), wanted, "and up again is the same");
    assert_eq!(rows(&site.client).await, rows(naive).await);
    site.run(&["current"]).ends(0).says("001_change (applied)");
    by_psql(
        site,
        &[
            "downgrade",
            "base",
            "--sql",
            "--contract",
            "--allow-data-loss",
        ],
    );
    assert_eq!(told(&site.schema()), start, "and down");
    site.run(&["current"]).ends(0).says("base");
}

/// Runs the script that a verb writes; a second time there is nothing to do.
pub(crate) fn by_psql(site: &Site, words: &[&str]) {
    let script = site.run(words).ends(0).out;
    for _ in 0..2 {
        site.server
            .psql(&site.database, &script)
            .unwrap_or_else(|error| panic!("{error}\n{script}"));
    }
}

/// The columns of each table in the order of their names.
pub(crate) fn without_order(dump: &str) -> String {
    let mut lines: Vec<&str> = dump.lines().collect();
    let mut at = 0;
    while at < lines.len() {
        if lines[at].starts_with("CREATE TABLE ") {
            let end = at
                + lines[at..]
                    .iter()
                    .position(|line| line.starts_with(')'))
                    .unwrap();
            for line in &mut lines[at + 1..end] {
                *line = line.trim_end_matches(',');
            }
            lines[at + 1..end].sort_unstable();
            at = end;
        }
        at += 1;
    }
    lines.join("\n")
}

/// Each statement in a transaction of its own, unless it says otherwise.
pub(crate) async fn as_psql(client: &Client, sql: &str) -> Result<(), tokio_postgres::Error> {
    let revision = concertina_revisions::Revision::from_text(
        &concertina_revisions::RevisionId::new("naive"),
        sql,
    )
    .unwrap();
    for statement in &revision.up {
        client.batch_execute(&statement.sql).await?;
    }
    Ok(())
}

/// Columns whose values are random, or numbered in an order that is nobody's promise.
const UNORDERED: &str = "'{tenant_id,token,number}'::text[]";

/// A checksum of all rows of each table and materialized view.
pub(crate) async fn rows(client: &Client) -> Vec<(String, String)> {
    let relations = "SELECT c.oid::regclass::text, CASE c.relkind WHEN 'r' THEN 'ONLY ' ELSE '' END FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE (c.relkind = 'r' OR c.relkind = 'm' AND c.relispopulated)
          AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'concertina') ORDER BY 1";
    let mut sums = Vec::new();
    for row in client.query(relations, &[]).await.unwrap() {
        let (name, only): (String, String) = (row.get(0), row.get(1));
        let sql = format!(
            "SELECT coalesce(md5(string_agg(line, '|' ORDER BY line)), '')
             FROM (SELECT (to_jsonb(t) - {UNORDERED})::text AS line FROM {only}{name} t) AS lines"
        );
        sums.push((name, client.query_one(&sql, &[]).await.unwrap().get(0)));
    }
    sums
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partitions_key_is_asked_when_its_parents_is() {
    let kept = "CREATE TABLE kept (id bigint NOT NULL, at date NOT NULL, kind text, lead_id bigint,
                                   UNIQUE (id, at) DEFERRABLE INITIALLY DEFERRED) PARTITION BY RANGE (at);
        ALTER TABLE kept ATTACH PARTITION events_2027 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');";
    let site = Site::new(&tables(3000), &[("001_change", kept)]).await;
    site.run(&["upgrade", "--contract"]).ends(0);
    let deferred = "SELECT count(*) FROM pg_constraint WHERE conrelid = 'events_2027'::regclass AND contype = 'u' AND condeferred";
    assert_eq!(site.value::<i64>(deferred).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_of_a_table_without_rows_is_taken_back_too() {
    let tables = "CREATE TABLE full_one (id int PRIMARY KEY, a text); INSERT INTO full_one SELECT g, 'a' FROM generate_series(1, 900) g;
        CREATE TYPE mood AS ENUM ('glad', 'sad');
        CREATE TABLE none (id int PRIMARY KEY, mood text NOT NULL DEFAULT 'glad' CHECK (mood <> ''), size varchar(9), gone int, kept int UNIQUE);
        CREATE INDEX none_size ON none (size);";
    let change = "ALTER TABLE none DROP CONSTRAINT none_mood_check, ALTER COLUMN mood DROP DEFAULT, ALTER COLUMN mood TYPE mood USING mood::mood,
            ALTER COLUMN mood SET DEFAULT 'sad', ALTER COLUMN size TYPE int USING size::int;
        ALTER TABLE none DROP COLUMN gone; ALTER TABLE none ALTER COLUMN size SET NOT NULL; DROP INDEX none_size;
        ALTER TABLE full_one DROP COLUMN a;";
    let site = Site::new(tables, &[("001", change)]).await;
    let start = site.schema();
    for _ in 0..2 {
        site.run(&["upgrade"]).ends(3);
        // There may be rows by then.
        site.client
            .batch_execute("INSERT INTO none VALUES (1, 'sad', 5, 6) ON CONFLICT DO NOTHING")
            .await
            .unwrap();
        site.run(&["rollback"]).ends(0);
        assert_eq!(site.schema(), start);
        assert_eq!(
            site.value::<String>("SELECT mood || size FROM none").await,
            "sad5"
        );
        site.client.batch_execute("TRUNCATE none").await.unwrap();
    }
    site.run(&["upgrade", "--contract"]).ends(0);
    assert_eq!(site.value::<String>("SELECT string_agg(attname, ' ' ORDER BY attname) FROM pg_attribute WHERE attrelid = 'none'::regclass AND attnum > 0 AND NOT attisdropped").await, "id kept mood size");
}
