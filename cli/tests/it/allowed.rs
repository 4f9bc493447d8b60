//! What blocks is refused, and runs as it is written when its author allows it, above the statement
//! itself.

use crate::corpus::Copied;
use crate::fixture::Site;

const TABLES: &str = "CREATE TABLE logs (id bigint PRIMARY KEY, at date, during int4range);
    INSERT INTO logs SELECT g, date '2026-01-01' + g % 300, int4range(g, g + 1) FROM generate_series(1, 50000) g;
    CREATE TABLE kept (id bigint PRIMARY KEY);
    INSERT INTO kept SELECT g FROM generate_series(1, 50000) g;
    -- How much a view reads isn't known.
    CREATE VIEW shown AS SELECT * FROM logs;
    ANALYZE;";

/// Each statement, and what shows that it ran.
const BLOCKING: [(&str, &str); 6] = [
    (
        "ALTER TABLE logs SET UNLOGGED",
        "SELECT relpersistence = 'u' FROM pg_class WHERE relname = 'logs'",
    ),
    (
        "ALTER TABLE logs ADD CONSTRAINT alone EXCLUDE USING gist (during WITH &&)",
        "SELECT count(*) = 1 FROM pg_constraint WHERE conname = 'alone'",
    ),
    (
        "CREATE TABLE copied AS SELECT * FROM shown",
        "SELECT count(*) = 50000 FROM copied",
    ),
    (
        "ALTER TABLE logs ADD COLUMN twice bigint GENERATED ALWAYS AS (id * 2) STORED",
        "SELECT bool_and(twice = id * 2) FROM logs",
    ),
    (
        "UPDATE logs SET id = id + 1000000 RETURNING id",
        "SELECT min(id) = 1000001 FROM logs",
    ),
    (
        "UPDATE logs SET at = at + 1 RETURNING id",
        "SELECT min(at) = '2026-01-02' FROM logs",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn only_its_author_can_let_a_statement_block() {
    let copied = Copied::new(&[], TABLES).await;
    for (at, (sql, seen)) in BLOCKING.iter().enumerate() {
        let site = Site::copy(
            &copied,
            &format!("site_{at}"),
            &[("001_change", &format!("{sql};"))],
        )
        .await;
        let before = site.schema();
        site.run(&["upgrade"]).ends(1);
        assert_eq!(site.schema(), before, "{sql}: a refusal changes nothing");
        site.revision(
            "001_change",
            &format!("-- concertina: allow blocking\n{sql};"),
        );
        site.run(&["upgrade"]).ends(0);
        assert!(site.value::<bool>(seen).await, "{sql}");
        assert_eq!(site.value::<i64>("SELECT count(*) FROM kept").await, 50_000);
    }
}
