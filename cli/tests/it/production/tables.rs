//! Tables whose rows lie elsewhere, that get partitions meanwhile, that are many.

use super::{LEADS, WRONG};
use crate::fixture::Site;
use crate::kill::checkpointed;
use std::process::Stdio;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_is_attached_meanwhile_is_filled_too() {
    let site = Site::new(
        "CREATE TABLE leads (id int, email text) PARTITION BY RANGE (id);
         CREATE TABLE leads_1 PARTITION OF leads FOR VALUES FROM (0) TO (50000);
         INSERT INTO leads SELECT g, 'Lead' || g FROM generate_series(1, 40000) g;
         CREATE TABLE leads_2 AS SELECT g AS id, 'Lead' || g AS email FROM generate_series(50001, 60000) g; ANALYZE;",
        &[(
            "001_lower",
            "ALTER TABLE leads ADD COLUMN lower text;
             UPDATE leads SET lower = lower(email) WHERE lower IS NULL;
             ALTER TABLE leads ALTER COLUMN lower SET NOT NULL;",
        )],
    )
    .await;
    let mut command = site.command(&["upgrade", "--rows-per-second-max", "15000"]);
    let engine = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    for _ in 0..2_000 {
        if checkpointed(&site).await > 5_000 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    site.client
        .batch_execute(
            "ALTER TABLE leads_2 ADD COLUMN lower text;
             ALTER TABLE leads ATTACH PARTITION leads_2 FOR VALUES FROM (50000) TO (100000)",
        )
        .await
        .unwrap();
    crate::fixture::said(&engine.wait_with_output().unwrap()).ends(3);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
    // Another one, when the backfill is done.
    site.client
        .batch_execute(
            "CREATE TABLE leads_3 AS SELECT g AS id, 'Lead' || g AS email, NULL::text AS lower FROM generate_series(100001, 101000) g;
             ALTER TABLE leads ATTACH PARTITION leads_3 FOR VALUES FROM (100000) TO (200000)",
        )
        .await
        .unwrap_or(());
    site.run(&["contract"]).ends(0);
    assert_eq!(site.value::<i64>(WRONG).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_lie_elsewhere_are_never_taken_for_none() {
    let site = Site::new(
        "CREATE TABLE parent (id int, a text); CREATE TABLE child () INHERITS (parent);
         INSERT INTO child SELECT g, 'x' FROM generate_series(1, 3000) g;
         CREATE EXTENSION IF NOT EXISTS postgres_fdw;",
        &[("001_a", "ALTER TABLE parent ALTER COLUMN a SET NOT NULL;")],
    )
    .await;
    site.client
        .batch_execute(&format!(
            "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{}', port '{}', dbname 'site');
             CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'postgres');
             CREATE FOREIGN TABLE remote (id int, a text) SERVER far OPTIONS (table_name 'child');
             CREATE TABLE parted (id int, a text) PARTITION BY RANGE (id);
             CREATE FOREIGN TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10000) SERVER far OPTIONS (table_name 'child');
             ANALYZE;",
            site.server.socket().display(),
            site.server.port()
        ))
        .await
        .unwrap();
    for table in ["parent", "parted"] {
        site.revision(
            "001_a",
            &format!("ALTER TABLE {table} ALTER COLUMN a SET NOT NULL;"),
        );
        let said = site.run(&["plan"]);
        assert!(
            !said.out.contains("it touches no row"),
            "{table}: {}",
            said.out
        );
        assert!(
            said.code != 0 || said.out.contains("validate"),
            "{table}: {}\n{}",
            said.out,
            said.err
        );
    }
}

/// What hangs together in many ways.
const TIED: &str = "CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE TABLE owners (id int PRIMARY KEY, feels mood); CREATE TABLE old (id int, place text) PARTITION BY RANGE (id);
    CREATE TABLE old_1 PARTITION OF old FOR VALUES FROM (0) TO (100); INSERT INTO old VALUES (1, 'x');
    CREATE TABLE notes (id serial PRIMARY KEY, lead int REFERENCES leads, said owners);
    CREATE VIEW seen AS SELECT l.id, l.email, n.id AS note FROM leads l JOIN notes n ON n.lead = l.id;
    CREATE VIEW seen_again AS SELECT id FROM seen;
    CREATE FUNCTION counted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE owners SET id = id; RETURN new; END';
    CREATE TRIGGER counts BEFORE INSERT ON notes FOR EACH ROW EXECUTE FUNCTION counted();
    INSERT INTO owners VALUES (1, 'ok'); INSERT INTO notes (lead) VALUES (1);
    CREATE TABLE large AS SELECT repeat('x', 1000) AS a FROM generate_series(1, 3000); ANALYZE;";

const CHANGES: [&str; 12] = [
    "ALTER TABLE leads ALTER COLUMN id TYPE bigint;",
    "ALTER TABLE leads DROP COLUMN email;",
    "ALTER TABLE leads RENAME COLUMN email TO mail;",
    "DROP TABLE owners;",
    "ALTER TYPE mood ADD VALUE 'glad';",
    "DROP TYPE mood;",
    "ALTER TABLE old ADD COLUMN b int NOT NULL DEFAULT 1;",
    "DELETE FROM leads WHERE id = 1;",
    "CREATE INDEX ON notes (lead);",
    "CREATE TABLE filler_7 (id int);",
    "DROP FUNCTION counted;",
    "ALTER SEQUENCE notes_id_seq RESTART; ALTER TABLE notes ADD CONSTRAINT far FOREIGN KEY (id) REFERENCES owners;",
];

#[tokio::test(flavor = "multi_thread")]
async fn among_thousands_of_tables_plans_are_the_same() {
    let schema = format!("{LEADS} {TIED}");
    let (few, many) = (Site::new(&schema, &[]).await, Site::new(&schema, &[]).await);
    few.client
        .batch_execute("CREATE TABLE filler_7 (id int)")
        .await
        .unwrap();
    let filler = "DO $$ BEGIN FOR n IN 1..1600 LOOP EXECUTE format('CREATE TABLE filler_%s (id int)', n); END LOOP; END $$";
    for part in ["1..400", "401..800", "801..1200", "1201..1600"] {
        many.client
            .batch_execute(&filler.replace("1..1600", part))
            .await
            .unwrap();
    }
    for change in CHANGES {
        few.revision("001_change", change);
        many.revision("001_change", change);
        let (few, many) = (few.run(&["plan", "--sql"]), many.run(&["plan", "--sql"]));
        assert_eq!(
            (few.code, few.out, few.err),
            (many.code, many.out, many.err),
            "{change}"
        );
    }
    // Also what names nothing: all of it is read.
    many.revision(
        "001_change",
        "ALTER TABLE leads ADD COLUMN lower text; DO $$ BEGIN NULL; END $$;",
    );
    many.run(&["upgrade", "--contract"]).ends(0);
}
