//! In which order, and in which phase, the parts of a revision are done: by what depends on what.

use crate::every_command::database;
use crate::fixture::{crm, plan_of, refused};
use concertina_planner::catalog::{Dependant, Trigger};
use concertina_planner::{Catalog, Plan, plan_behind};
use concertina_revisions::{Revision, RevisionId};
use std::sync::Arc;

/// The plan's steps, each as `phase: what, what`.
fn steps(plan: &Plan) -> Vec<String> {
    plan.steps()
        .map(|(phase, step)| format!("{phase}: {}", step.work.summary().join(", ")))
        .collect()
}

#[track_caller]
fn ordered(sql: &str, catalog: &Catalog, wanted: &[&str]) {
    assert_eq!(steps(&plan_of(sql, catalog)), wanted, "{sql}");
}

fn with_views() -> Catalog {
    let mut catalog = database();
    let of = |column: Option<&str>| Dependant {
        column: column.map(str::to_owned),
        what: "view people".to_owned(),
        by: None,
    };
    for table in catalog
        .tables
        .iter_mut()
        .filter(|table| table.name == "owners")
        .map(Arc::make_mut)
    {
        table.dependants = vec![of(Some("id")), of(Some("team_id"))];
    }
    catalog
}

/// A large table with a trigger for each row.
fn touched() -> Catalog {
    let mut catalog = crm();
    let touch = Trigger {
        name: "touch".to_owned(),
        on_update: true,
        ..Trigger::default()
    };
    for table in catalog
        .tables
        .iter_mut()
        .filter(|table| table.name == "leads")
        .map(Arc::make_mut)
    {
        table.triggers = vec![touch.clone()];
    }
    catalog
}

#[test]
fn what_is_dropped_and_made_again_is_one_transaction() {
    ordered(
        "DROP VIEW people; CREATE VIEW people AS SELECT id FROM leads;",
        &database(),
        &["contract: drop view people, create view people"],
    );
    ordered(
        "DROP VIEW IF EXISTS people; CREATE OR REPLACE VIEW people AS SELECT id FROM leads;",
        &database(),
        &["contract: drop view people, create view people"],
    );
    ordered(
        "DROP TRIGGER touch ON seats; CREATE TRIGGER touch BEFORE UPDATE ON seats FOR EACH ROW EXECUTE FUNCTION f();",
        &database(),
        &["contract: drop trigger touch on seats, create trigger touch on seats"],
    );
    ordered(
        "ALTER TABLE leads DROP COLUMN status, ADD COLUMN status int;",
        &crm(),
        &["contract: drop column leads.status, add column leads.status"],
    );
    ordered(
        "DROP SEQUENCE numbers; CREATE SEQUENCE numbers;",
        &crm(),
        &["contract: drop sequence numbers, create sequence public.numbers"],
    );
    ordered(
        "DROP TABLE deals; CREATE TABLE deals (id int);",
        &crm(),
        &["contract: drop table deals, create table deals"],
    );
}

#[test]
fn one_kind_takes_the_place_of_another() {
    ordered(
        "DROP VIEW people; CREATE TABLE people (id int);",
        &database(),
        &["contract: drop view people, create table people"],
    );
    let plan = plan_of(
        "DROP TABLE deals; CREATE MATERIALIZED VIEW IF NOT EXISTS deals AS SELECT id FROM leads;",
        &crm(),
    );
    let steps = steps(&plan);
    assert!(
        steps[0].starts_with("expand: create materialized view concertina_mv_"),
        "{steps:?}"
    );
    assert!(
        steps[1].starts_with("backfill: fill concertina_mv_"),
        "{steps:?}"
    );
    assert!(
        steps[2].starts_with("contract: drop table deals, rename materialized view concertina_mv_"),
        "{steps:?}"
    );
}

#[test]
fn what_is_not_there_is_made_at_once() {
    ordered(
        "DROP VIEW IF EXISTS nothing; CREATE VIEW nothing AS SELECT id FROM leads;",
        &database(),
        &["expand: create view nothing"],
    );
    ordered(
        "DROP FUNCTION IF EXISTS g(int); CREATE FUNCTION g(int) RETURNS int LANGUAGE sql AS 'SELECT 1';",
        &crm(),
        &["expand: create function g"],
    );
}

#[test]
fn what_belongs_to_a_replacement_comes_with_it() {
    ordered(
        "DROP VIEW people; CREATE VIEW people AS SELECT id FROM leads; GRANT SELECT ON people TO someone;
         COMMENT ON VIEW people IS 'all'; ALTER TABLE deals ADD COLUMN n int;",
        &database(),
        &[
            "expand: add column deals.n",
            "contract: drop view people, create view people, grant rights on people, COMMENT ON VIEW people IS",
        ],
    );
}

#[test]
fn a_view_is_carried_through_a_change_of_type() {
    let plan = plan_of(
        "DROP VIEW people; ALTER TABLE owners ALTER COLUMN team_id TYPE text; CREATE VIEW people AS SELECT id, team_id FROM owners;",
        &with_views(),
    );
    let contract: Vec<String> = plan
        .contract
        .iter()
        .map(|step| step.work.summary().join(", "))
        .collect();
    assert_eq!(contract.len(), 1, "{contract:?}");
    let at = |what: &str| {
        contract[0]
            .find(what)
            .unwrap_or_else(|| panic!("{what}: {contract:?}"))
    };
    assert!(at("drop view people") < at("drop column owners.team_id"));
    assert!(at("rename column owners.concertina_new_") < at("create view people"));
}

#[test]
fn rights_null_and_defaults_keep_the_order_of_their_author() {
    ordered(
        "REVOKE ALL ON leads FROM app; GRANT SELECT ON leads TO app;",
        &crm(),
        &["contract: revoke rights on leads, grant rights on leads"],
    );
    ordered(
        "REVOKE ALL ON leads FROM app; GRANT SELECT ON leads TO other;",
        &crm(),
        &[
            "expand: grant rights on leads",
            "contract: revoke rights on leads",
        ],
    );
    let plan = plan_of(
        "ALTER TABLE leads ALTER status SET NOT NULL; ALTER TABLE leads ALTER status DROP NOT NULL;",
        &crm(),
    );
    assert!(
        steps(&plan)
            .last()
            .unwrap()
            .contains("drop not null of leads.status"),
        "{:?}",
        steps(&plan)
    );
    let plan = plan_of(
        "ALTER TABLE leads ADD COLUMN c int; UPDATE leads SET c = 1; ALTER TABLE leads ALTER c SET NOT NULL, ALTER c SET DEFAULT 9;",
        &crm(),
    );
    assert!(
        steps(&plan)
            .last()
            .unwrap()
            .contains("set default of leads.c to 9"),
        "{:?}",
        steps(&plan)
    );
}

#[test]
fn rows_are_written_under_the_constraints_and_triggers_of_their_place() {
    ordered(
        "ALTER TABLE seats DISABLE TRIGGER touch; UPDATE seats SET code = 'x'; ALTER TABLE seats ENABLE TRIGGER touch;",
        &database(),
        &["expand: disable trigger touch of seats, update seats, enable trigger touch of seats"],
    );
    ordered(
        "ALTER TABLE leads DISABLE TRIGGER touch; UPDATE leads SET status = 'x'; ALTER TABLE leads ENABLE TRIGGER touch;",
        &touched(),
        &[
            "expand: disable trigger touch of leads",
            "backfill: list rows of leads, then set status = 'x'",
            "backfill: enable trigger touch of leads",
        ],
    );
    let plan = plan_of(
        "ALTER TABLE leads DROP CONSTRAINT leads_email_key; UPDATE leads SET email = 'x' WHERE status = 'gone';",
        &crm(),
    );
    assert_eq!(
        steps(&plan),
        [
            "contract: drop constraint leads_email_key of leads",
            "contract: backfill leads: email = 'x'",
        ]
    );
    assert!(
        plan.contract[1].why.contains("statement 1"),
        "{}",
        plan.contract[1].why
    );
    assert!(
        plan.hazards
            .iter()
            .any(|hazard| hazard.code == "H12" && hazard.statement == 2),
        "{:?}",
        plan.hazards
    );
}

#[test]
fn an_index_has_its_name_before_the_name_is_used() {
    ordered(
        "CREATE INDEX CONCURRENTLY i_new ON seats (code); DROP INDEX seats_price; ALTER INDEX i_new RENAME TO seats_price;",
        &database(),
        &[
            "backfill: create index i_new on seats concurrently",
            "contract: drop index seats_price concurrently",
            "contract: rename index i_new to seats_price",
        ],
    );
    let plan = plan_of(
        "CREATE INDEX i ON ONLY events (id); CREATE INDEX CONCURRENTLY p ON events_2026 (id); ALTER INDEX i ATTACH PARTITION p;",
        &database(),
    );
    assert_eq!(steps(&plan).last().unwrap(), "contract: alter index i");
    let plan = plan_of(
        "CREATE UNIQUE INDEX owners_team ON owners (team_id); ALTER TABLE deals ADD FOREIGN KEY (lead_id) REFERENCES owners (team_id);",
        &crm(),
    );
    let steps = steps(&plan);
    let at = |what: &str| steps.iter().position(|step| step.contains(what)).unwrap();
    assert!(
        at("create unique index owners_team") < at("add constraint deals_lead_id_fkey"),
        "{steps:?}"
    );
}

#[test]
fn whoever_copies_a_tables_form_comes_after_its_changes() {
    for change in [
        "DROP COLUMN status",
        "ALTER COLUMN status TYPE int USING 1",
        "ALTER COLUMN status SET NOT NULL",
    ] {
        let sql = format!("ALTER TABLE leads {change}; CREATE TABLE k (LIKE leads INCLUDING ALL);");
        let sql = if change.contains("USING") {
            format!("-- concertina: reverse ('x')\n{sql}")
        } else {
            sql
        };
        let plan = plan_of(&sql, &crm());
        assert_eq!(
            steps(&plan).last().unwrap(),
            "contract: create table k",
            "{sql}"
        );
    }
    let plan = plan_of(
        "CREATE TABLE k (LIKE leads INCLUDING ALL); ALTER TABLE leads DROP COLUMN status;",
        &crm(),
    );
    assert_eq!(steps(&plan)[0], "expand: create table k");
}

#[test]
fn partitions_follow_what_their_parent_does() {
    ordered(
        "ALTER TABLE events DETACH PARTITION events_2026; ALTER TABLE events ADD COLUMN n int;",
        &database(),
        &[
            "contract: detach events_2026 from events concurrently",
            "contract: drop the CHECK that the bound leaves on events_2026",
            "contract: add column events.n",
        ],
    );
    let plan = plan_of(
        "ALTER TABLE events DROP COLUMN id; ALTER TABLE events_2026 ALTER COLUMN id SET DEFAULT 1;",
        &database(),
    );
    assert!(plan.expand.is_empty(), "{:?}", steps(&plan));
}

#[test]
fn a_name_is_free_once_what_bears_it_is_gone() {
    ordered(
        "ALTER TABLE deals RENAME TO deals_old; CREATE TABLE deals (id int);",
        &crm(),
        &[
            "expand: rename table deals to deals_old, create view deals of deals_old",
            "contract: drop view deals, create table deals",
        ],
    );
}

#[test]
fn nothing_moves_past_what_nobody_can_see_into() {
    ordered(
        "ALTER TABLE leads DROP COLUMN status; DO 'BEGIN END'; ALTER TABLE leads ADD COLUMN n int;",
        &crm(),
        &[
            "contract: drop column leads.status",
            "contract: run a DO block, add column leads.n",
        ],
    );
    ordered(
        "SELECT f(1); CREATE TABLE k (id int);",
        &crm(),
        &["expand: run a SELECT, create table k"],
    );
    for sql in [
        "DO 'BEGIN END'; CREATE INDEX IF NOT EXISTS leads_status ON leads (status);",
        "CALL p(); DROP TABLE IF EXISTS nothing CASCADE;",
        "DO 'BEGIN END'; ALTER TABLE leads ALTER COLUMN status TYPE varchar(3);",
        "SELECT f(); ALTER TABLE leads ALTER id SET NOT NULL;",
    ] {
        let said = refused(sql, &crm());
        assert!(
            said.contains("C120") && said.contains("statement 1"),
            "{sql}: {said}"
        );
    }
    ordered(
        "DO 'BEGIN END'; CREATE TABLE IF NOT EXISTS k (id int);",
        &crm(),
        &["expand: run a DO block, create table k"],
    );
}

#[test]
fn a_wish_for_an_earlier_phase_meets_what_it_depends_on() {
    let said = refused(
        "ALTER TABLE leads DROP COLUMN status;\n-- concertina: phase expand\nALTER TABLE leads ADD COLUMN status int;",
        &crm(),
    );
    assert!(
        said.contains(
            "statement 2 can't come before contract: statement 1 is about column status of leads"
        ),
        "{said}"
    );
}

#[test]
fn later_revisions_wait_for_the_contract_of_what_they_make_again() {
    let cases = [
        (
            "DROP VIEW people",
            "CREATE VIEW people AS SELECT id FROM leads",
        ),
        (
            "DROP FUNCTION half(int)",
            "CREATE FUNCTION half(int) RETURNS text LANGUAGE sql AS 'SELECT 1'",
        ),
        (
            "DROP TRIGGER touch ON seats",
            "CREATE TRIGGER touch BEFORE UPDATE ON seats FOR EACH ROW EXECUTE FUNCTION f()",
        ),
        (
            "REVOKE SELECT ON seats FROM app",
            "GRANT SELECT ON seats TO app",
        ),
        ("DROP TYPE mood", "CREATE TYPE mood AS (a int)"),
        (
            "ALTER TABLE seats DROP COLUMN code",
            "CREATE TABLE k (LIKE seats)",
        ),
    ];
    for (first, second) in cases {
        let waiting = plan_of(first, &database());
        let later = Revision::from_text(&RevisionId::new("003_later"), second).unwrap();
        let said = plan_behind(&later, &database(), std::slice::from_ref(&waiting)).unwrap_err();
        assert!(
            said[0]
                .to_string()
                .contains("wait for the contract of 002_change"),
            "{second}: {}",
            said[0]
        );
        let other = Revision::from_text(
            &RevisionId::new("003_later"),
            "ALTER TABLE deals ADD COLUMN n int",
        )
        .unwrap();
        assert!(plan_behind(&other, &database(), &[waiting]).is_ok());
    }
}

#[test]
fn what_is_demanded_of_a_renamed_column_is_asked_of_the_original() {
    let mut catalog = crm();
    for version in [150_000, 180_000] {
        catalog.server_version = version;
        let plan = plan_of(
            "ALTER TABLE leads RENAME COLUMN status TO stage; ALTER TABLE leads ALTER stage SET NOT NULL",
            &catalog,
        );
        let steps: Vec<String> = steps(&plan)
            .into_iter()
            .filter(|step| step.starts_with("contract"))
            .collect();
        let at = |what: &str| {
            steps
                .iter()
                .position(|step| step.contains(what))
                .unwrap_or_else(|| panic!("{steps:?}"))
        };
        let first = steps
            .iter()
            .position(|step| step.contains("not valid yet"))
            .unwrap_or_else(|| panic!("{steps:?}"));
        assert!(
            at("rename column leads.status to stage") < first,
            "{version}: {steps:?}"
        );
    }
}
