//! What a directive asks for is what the rehearsal compares with: no directive is a reason to
//! refuse a right plan.

use crate::fixture::{Said, Site, said};
use crate::lifecycle::without_order;

const TABLES: &str = "CREATE TABLE leads (id int PRIMARY KEY, email varchar(40), amount int, label text UNIQUE NOT NULL);
    INSERT INTO leads SELECT g, 'lead' || g, g, 'l' || g FROM generate_series(1, 4000) g;
    CREATE TABLE calls (id int PRIMARY KEY, lead_id int REFERENCES leads ON DELETE CASCADE, note text);
    INSERT INTO calls SELECT g, g FROM generate_series(1, 4000) g;
    CREATE TABLE marks (call_id int PRIMARY KEY CONSTRAINT of_call REFERENCES calls, lead_id int REFERENCES leads (id) DEFERRABLE);
    INSERT INTO marks SELECT g, g FROM generate_series(1, 4000) g;
    COMMENT ON CONSTRAINT of_call ON marks IS 'whose it is';
    CREATE TABLE owners (id varchar(36) PRIMARY KEY, up varchar(36) REFERENCES owners);
    INSERT INTO owners SELECT md5(g::text)::uuid FROM generate_series(1, 4000) g;
    CREATE TABLE houses (owner_id varchar(36) REFERENCES owners);
    INSERT INTO houses SELECT md5(g::text)::uuid FROM generate_series(1, 4000) g;
    CREATE TABLE bare (id int PRIMARY KEY); CREATE TABLE bare_too (bare_id int REFERENCES bare);
    CREATE TABLE log (n int);
    INSERT INTO log VALUES (1);
    CREATE FUNCTION logs() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO log VALUES (1); RETURN NULL; END$$;
    CREATE TABLE noisy (id int PRIMARY KEY, email text);
    INSERT INTO noisy SELECT g, 'lead' || g FROM generate_series(1, 4000) g;
    CREATE TRIGGER logs AFTER UPDATE OR DELETE ON noisy FOR EACH STATEMENT EXECUTE FUNCTION logs(); ANALYZE;";

fn run(site: &Site, words: &[&str]) -> Said {
    said(
        &site
            .command(words)
            .env("CONCERTINA_REHEARSE", "always")
            .output()
            .unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn no_directive_makes_a_right_plan_wrong() {
    let site = Site::new(TABLES, &[]).await;
    for revision in [
        "-- concertina: with references\nALTER TABLE leads ALTER COLUMN id TYPE bigint, ALTER COLUMN amount TYPE bigint;",
        "-- concertina: with references\nALTER TABLE calls ALTER COLUMN id TYPE bigint;",
        "-- concertina: with references\nALTER TABLE owners ALTER COLUMN id TYPE uuid USING id::uuid;",
        "-- concertina: with references\nALTER TABLE bare ALTER COLUMN id TYPE bigint;\nUPDATE calls SET note = '';",
        "BEGIN;\n-- concertina: with references\nALTER TABLE leads ALTER COLUMN id TYPE bigint;\nCREATE INDEX ON calls (lead_id);\nCOMMIT;",
        "ALTER TABLE calls ADD COLUMN more int;\n-- down\n-- concertina: with references\nALTER TABLE leads ALTER COLUMN id TYPE bigint;",
        "-- concertina: key (label)\nUPDATE leads SET email = upper(email);",
        "-- concertina: reverse (lower(email))\nALTER TABLE leads ALTER COLUMN email TYPE text USING upper(email);",
        "-- concertina: phase contract\nALTER TABLE leads ADD COLUMN more int;",
        "-- concertina: phase contract\nALTER TABLE leads RENAME COLUMN amount TO sum;\nCREATE INDEX ON leads (sum);",
        "-- concertina: allow blocking\nALTER TABLE leads ALTER COLUMN id TYPE bigint;",
        "-- concertina: allow blocking\nMERGE INTO leads USING calls ON calls.id = leads.id WHEN MATCHED THEN UPDATE SET amount = 1;",
        "-- concertina: idempotent\nUPDATE leads SET email = trim(email);",
        "-- concertina: triggers per batch\nUPDATE noisy SET email = upper(email);",
    ] {
        site.revision("001_change", revision);
        let checked = run(&site, &["check"]);
        let told = format!("{revision}\n{}{}", checked.out, checked.err);
        assert!(
            checked.code == 0 && !told.contains("H16") && !told.contains("C123"),
            "{told}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ends_change_in_the_rehearsal_as_they_will() {
    let revision = "-- concertina: with references\nALTER TABLE owners ALTER COLUMN id TYPE uuid USING id::uuid;";
    let site = Site::new(TABLES, &[("001_uuid", revision)]).await;
    run(&site, &["upgrade"]).ends(3);
    run(&site, &["contract"]).ends(0);
    let kind = "SELECT string_agg(DISTINCT format_type(atttypid, -1), ' ') FROM pg_attribute
                WHERE (attrelid, attname) IN (('owners'::regclass, 'id'), ('owners'::regclass, 'up'), ('houses'::regclass, 'owner_id'))";
    assert_eq!(site.value::<String>(kind).await, "uuid");
    run(&site, &["downgrade", "base", "--contract"]).ends(0);
    assert_eq!(site.value::<String>(kind).await, "character varying");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ends_change_where_there_are_no_rows() {
    let revision = "-- concertina: with references\nALTER TABLE bare ALTER COLUMN id TYPE bigint;\n\
                    -- concertina: with references\nALTER TABLE words ALTER COLUMN id TYPE uuid USING id::uuid;";
    let empty = "CREATE TABLE bare (id int PRIMARY KEY); CREATE TABLE bare_too (bare_id int REFERENCES bare ON DELETE CASCADE, n int);
        CREATE TABLE words (id varchar(36) PRIMARY KEY);
        CREATE TABLE words_too (word_id varchar(36) CONSTRAINT of_word REFERENCES words DEFERRABLE);
        COMMENT ON CONSTRAINT of_word ON words_too IS 'whose it is';";
    let wanted = "ALTER TABLE bare ALTER COLUMN id TYPE bigint; ALTER TABLE bare_too ALTER COLUMN bare_id TYPE bigint;
        ALTER TABLE words_too DROP CONSTRAINT of_word;
        ALTER TABLE words ALTER COLUMN id TYPE uuid USING id::uuid; ALTER TABLE words_too ALTER COLUMN word_id TYPE uuid USING word_id::uuid;
        ALTER TABLE words_too ADD CONSTRAINT of_word FOREIGN KEY (word_id) REFERENCES words DEFERRABLE;
        COMMENT ON CONSTRAINT of_word ON words_too IS 'whose it is';";
    // No row anywhere, and rows elsewhere.
    for more in ["", "CREATE TABLE other AS SELECT 1 AS a;"] {
        let site = Site::new(&format!("{empty} {more}"), &[("001_wide", revision)]).await;
        site.server.create_database("naive", None).await.unwrap();
        let naive = site.server.connect("naive").await.unwrap();
        naive
            .batch_execute(&format!("{empty} {more} {wanted}"))
            .await
            .unwrap();
        run(&site, &["upgrade", "--contract"]).ends(0);
        let (ours, wanted) = (site.schema(), site.server.dump_schema("naive").unwrap());
        assert_eq!(without_order(&ours), without_order(&wanted), "{more}");
    }
}
