//! What one statement does in a moment: on small tables, and whatever the number of rows.

use crate::fixture::{crm, plan_of, planned, refused};
use concertina_planner::{Catalog, Table};

#[test]
fn truncate_waits_for_contract_where_others_hold_rows() {
    let plan = plan_of("TRUNCATE tenants", &crm());
    assert!(plan.expand.is_empty() && plan.backfill.is_empty() && plan.contract.len() == 1);
    assert!(
        plan.hazards.iter().any(|hazard| hazard.code == "H07"),
        "{:?}",
        plan.hazards
    );
    assert!(
        plan_of("TRUNCATE drafts; UPDATE leads SET status = 'x'", &crm())
            .contract
            .is_empty()
    );
    // What was made of its rows, and is written to it behind that.
    assert!(
        refused(
            "INSERT INTO drafts (id) SELECT id FROM tenants; TRUNCATE tenants",
            &crm()
        )
        .contains("C109")
    );
    assert!(
        refused(
            "CREATE TABLE kept AS SELECT * FROM tenants; TRUNCATE tenants",
            &crm()
        )
        .contains("C105")
    );
    // Rows come only once it is empty.
    let plan = plan_of(
        "TRUNCATE tenants; INSERT INTO tenants (id) VALUES (1)",
        &crm(),
    );
    assert_eq!((plan.expand.len(), plan.contract.len()), (0, 2));
}

#[test]
fn a_table_is_made_of_small_ones_at_once() {
    let plan = plan_of(
        "CREATE TABLE kept AS SELECT * FROM tenants; CREATE INDEX ON kept (tenant_key)",
        &crm(),
    );
    assert!(
        plan.backfill.is_empty() && plan.contract.is_empty(),
        "{plan:?}"
    );
    assert!(refused("CREATE TABLE kept AS SELECT * FROM leads", &crm()).contains("C105"));
    assert!(
        refused(
            "CREATE TABLE kept AS SELECT l.id FROM tenants t, leads l",
            &crm()
        )
        .contains("C105")
    );
    assert!(
        refused(
            "SELECT * INTO kept FROM tenants; DELETE FROM tenants WHERE id = 1",
            &crm()
        )
        .contains("C105")
    );
    let unknown = refused(
        "CREATE TABLE kept AS SELECT id + 1 AS n FROM tenants; ALTER TABLE kept DROP COLUMN n",
        &crm(),
    );
    assert!(unknown.contains("next revision"), "{unknown}");
    let copied = planned(
        "ALTER TABLE tenants ALTER tenant_key TYPE int USING length(tenant_key); CREATE TABLE kept AS SELECT * FROM tenants",
        &crm(),
    );
    assert!(copied.contains("kept is made of tenants"), "{copied}");
}

#[test]
fn a_domain_demands_where_its_tables_are_small() {
    let of = |rows: u32| {
        Catalog::of([Table::new("words")
            .rows(rows)
            .column("id", "int")
            .column("word", "word_d")])
    };
    let sql = "ALTER DOMAIN word_d ADD CONSTRAINT short CHECK (length(VALUE) < 9)";
    let plan = plan_of(sql, &of(100));
    assert_eq!(
        (plan.expand.len(), plan.backfill.len(), plan.preflight.len()),
        (0, 1, 1)
    );
    assert!(refused(sql, &of(1_000_000)).contains("C105"));
    assert_eq!(plan_of(sql, &crm()).expand.len(), 1, "no column is of it");
    let mended = plan_of(
        &format!("UPDATE words SET word = 'x' WHERE length(word) > 8; {sql}"),
        &of(100),
    );
    assert!(
        mended.preflight.is_empty(),
        "what is mended first isn't asked before"
    );
}

#[test]
fn what_is_there_behind_a_block_is_asked_of_postgres() {
    let block = "DO $$ BEGIN PERFORM 1; END $$";
    let plan = plan_of(
        &format!("{block}; ALTER TABLE leads ADD COLUMN IF NOT EXISTS plan text"),
        &crm(),
    );
    assert_eq!(plan.expand.len(), 2);
    let plan = plan_of(
        &format!("{block}; ALTER TABLE leads DROP COLUMN IF EXISTS status"),
        &crm(),
    );
    assert_eq!((plan.expand.len(), plan.contract.len()), (1, 1));
    assert!(
        refused(
            &format!("{block}; CREATE INDEX IF NOT EXISTS i ON leads (status)"),
            &crm()
        )
        .contains("C120")
    );
    assert!(
        refused(
            &format!("{block}; ALTER TABLE leads ADD COLUMN IF NOT EXISTS n int UNIQUE"),
            &crm()
        )
        .contains("C120")
    );
    assert!(
        refused(
            &format!(
                "{block}; ALTER TABLE leads ADD COLUMN IF NOT EXISTS n float DEFAULT random()"
            ),
            &crm()
        )
        .contains("C120")
    );
    assert!(
        refused(
            &format!(
                "{block}; ALTER TABLE leads ADD COLUMN IF NOT EXISTS n int; UPDATE leads SET n = 1"
            ),
            &crm()
        )
        .contains("C120")
    );
}
