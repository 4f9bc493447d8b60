//! One statement at a time.

use crate::fixture::{crm, plan_of, planned, refused};
use concertina_planner::Work;
use concertina_planner::action::{Action, Operation, Value};
use insta::assert_snapshot;

#[test]
fn a_cast_with_more_around_it_is_not_taken_back_by_a_cast() {
    let plan = plan_of(
        "ALTER TABLE leads ALTER COLUMN owner_id TYPE numeric USING owner_id::numeric + 1",
        &crm(),
    );
    assert!(plan.reverse.is_err(), "{:?}", plan.reverse);
    let plan = plan_of(
        "ALTER TABLE leads ALTER COLUMN owner_id TYPE numeric USING owner_id::numeric",
        &crm(),
    );
    assert!(plan.reverse.is_ok(), "{:?}", plan.reverse);
}

#[test]
fn volatile_default() {
    assert_snapshot!(planned(
        "ALTER TABLE leads ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()",
        &crm()
    ));
}

#[test]
fn rows_of_a_large_table_are_copied_in_batches() {
    assert_snapshot!(planned(
        "CREATE TABLE contacts (lead_id bigint PRIMARY KEY, email text);
         INSERT INTO contacts SELECT l.id, lower(l.email) FROM leads l WHERE l.status = 'won' ON CONFLICT DO NOTHING",
        &crm()
    ));
}

#[test]
fn what_is_being_copied_into_is_not_changed_by_the_same_revision() {
    let said = refused(
        "CREATE TABLE contacts (lead_id bigint PRIMARY KEY, email text);
         INSERT INTO contacts SELECT l.id, l.email FROM leads l ON CONFLICT DO NOTHING;
         UPDATE contacts SET email = lower(email);",
        &crm(),
    );
    assert!(said.contains("fills the table in batches"), "{said}");
}

#[test]
fn serial_column() {
    assert_snapshot!(planned(
        "ALTER TABLE leads ADD COLUMN number bigserial",
        &crm()
    ));
}

#[test]
fn inline_reference_is_born_valid() {
    assert_snapshot!(planned(
        "ALTER TABLE leads ADD COLUMN deal_id bigint REFERENCES deals (id) ON DELETE SET NULL",
        &crm()
    ));
}

#[test]
fn inline_check_and_unique() {
    assert_snapshot!(planned(
        "ALTER TABLE leads ADD COLUMN score int UNIQUE CHECK (score > 0)",
        &crm()
    ));
}

#[test]
fn set_not_null_uncovered_waits_for_contract() {
    assert_snapshot!(planned(
        "ALTER TABLE leads ALTER COLUMN status SET NOT NULL",
        &crm()
    ));
}

#[test]
fn check_constraint() {
    assert_snapshot!(planned(
        "ALTER TABLE leads ADD CHECK (status <> '')",
        &crm()
    ));
}

#[test]
fn foreign_key() {
    assert_snapshot!(planned(
        "ALTER TABLE leads ADD FOREIGN KEY (owner_id) REFERENCES owners",
        &crm()
    ));
}

#[test]
fn drops_wait_for_contract() {
    assert_snapshot!(planned(
        "ALTER TABLE leads DROP COLUMN status; DROP INDEX IF EXISTS nowhere; ALTER TABLE leads DROP CONSTRAINT leads_email_key; DROP TABLE deals;",
        &crm()
    ));
}

#[test]
fn an_empty_table_is_left_alone() {
    assert_snapshot!(planned(
        "ALTER TABLE drafts ADD COLUMN n int NOT NULL; ALTER TABLE drafts ADD UNIQUE (n); CREATE INDEX ON drafts (lower(body)); UPDATE drafts SET n = n + 1;",
        &crm()
    ));
}

#[test]
fn update_and_delete_of_old_rows() {
    assert_snapshot!(planned(
        "UPDATE leads SET status = 'open' WHERE status = 'new';
         -- concertina: workers 3
         DELETE FROM deals d USING leads l WHERE l.id = d.lead_id AND l.status = 'gone';",
        &crm()
    ));
}

#[test]
fn the_folded_value_of_a_subquery_is_read_when_the_column_is_added() {
    let plan = plan_of(
        "ALTER TABLE leads ADD COLUMN t bigint DEFAULT 7; UPDATE leads SET t = (SELECT max(id) FROM tenants); ALTER TABLE leads ALTER t SET NOT NULL;",
        &crm(),
    );
    let Work::Quick { actions } = &plan.expand[0].work else {
        panic!("{plan:?}")
    };
    let Action::AddColumn {
        default: Some(Value::Read(query)),
        not_null: true,
        ..
    } = &actions[0]
    else {
        panic!("{actions:?}")
    };
    assert_eq!(query, "(SELECT max(id) FROM tenants)");
    assert!(
        matches!(&actions[1], Action::SetDefault { default: Some(wanted), .. } if wanted == "7"),
        "{actions:?}"
    );
    assert!(plan.backfill.is_empty() && plan.contract.is_empty() && plan.hazards.is_empty());
}

#[test]
fn a_value_that_reads_the_row_is_not_folded() {
    for sql in [
        "ALTER TABLE leads ADD COLUMN x text; UPDATE leads SET x = lower(email);",
        "ALTER TABLE leads ADD COLUMN x text; UPDATE leads SET x = (SELECT tenant_key FROM tenants WHERE id = owner_id);",
        "ALTER TABLE leads ADD COLUMN x text; UPDATE leads SET x = 'a' WHERE status = 'new';",
        "ALTER TABLE leads ADD COLUMN x text; UPDATE leads SET x = md5(random()::text);",
    ] {
        let plan = plan_of(sql, &crm());
        assert!(
            matches!(plan.backfill[0].work, Work::Backfill { .. }),
            "{sql}"
        );
    }
}

#[test]
fn an_update_folds_in_part() {
    let plan = plan_of(
        "ALTER TABLE leads ADD COLUMN a int, ADD COLUMN b text; UPDATE leads SET a = 1, b = lower(email);",
        &crm(),
    );
    assert!(
        !plan.backfill.is_empty(),
        "{}",
        concertina_planner::explain(&plan)
    );
    let Work::Backfill { backfill } = &plan.backfill[0].work else {
        panic!("{plan:?}")
    };
    let Operation::Assign(assignments) = &backfill.operation else {
        panic!("{backfill:?}")
    };
    assert_eq!(assignments.len(), 1);
    assert_eq!(
        backfill.predicate,
        "(leads.b IS NULL AND (lower(email)) IS NOT NULL)"
    );
}

#[test]
fn the_sync_trigger_speaks_of_the_new_row() {
    let plan = plan_of(
        "ALTER TABLE leads ADD COLUMN team bigint;
         UPDATE leads SET team = o.team_id FROM owners o WHERE o.id = owner_id AND leads.team IS NULL AND status <> 'id'",
        &crm(),
    );
    let Work::Quick { actions } = &plan.expand[0].work else {
        panic!("{plan:?}")
    };
    let sql = actions[1].sql(None).join("\n");
    assert!(
        sql.contains("WHERE o.id = new.owner_id AND new.team IS NULL AND new.status <> 'id'"),
        "{sql}"
    );
    assert!(
        sql.contains("SECURITY DEFINER SET search_path = public, pg_temp"),
        "{sql}"
    );
    assert!(
        sql.contains("FOR EACH ROW WHEN ((new.team IS NULL) AND current_setting('concertina.batch', true) IS DISTINCT FROM 'on')"),
        "{sql}"
    );
}

#[test]
fn a_phase_is_the_authors_wish() {
    let sql = "-- concertina: phase contract\nALTER TABLE leads ADD CONSTRAINT short CHECK (length(status) < 9);";
    let plan = plan_of(sql, &crm());
    assert!(
        plan.expand.is_empty() && plan.backfill.is_empty(),
        "{plan:?}"
    );
    assert_eq!(plan.contract.len(), 2, "demanded and proven");
    let early = "-- concertina: phase expand\nALTER TABLE leads DROP COLUMN email;";
    let error = refused(early, &crm());
    assert!(error.contains("earlier than is safe"), "{error}");
    let reverse = "-- concertina: reverse (email)\nALTER TABLE leads DROP COLUMN email;";
    assert!(refused(reverse, &crm()).contains("`reverse` has no meaning"));
}
