//! Planning behind a contract that hasn't run.

use crate::fixture::{crm, plan_of};
use concertina_planner::{Plan, explain, plan_behind};
use concertina_revisions::{Revision, RevisionId};

fn behind(sql: &str, waiting: &Plan) -> Result<Plan, String> {
    let revision =
        Revision::from_text(&RevisionId::new("003_later"), sql).expect("the test writes SQL");
    let catalog = crm();
    plan_behind(&revision, &catalog, std::slice::from_ref(waiting)).map_err(|problems| {
        problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    })
}

#[test]
fn other_work_goes_on() {
    let waiting = plan_of("ALTER TABLE leads DROP COLUMN email;", &crm());
    let plan = behind("ALTER TABLE leads ADD COLUMN note text;", &waiting).unwrap();
    assert!(explain(&plan).contains("add column leads.note"));
}

#[test]
fn what_the_contract_drops_is_gone_for_later_authors() {
    let waiting = plan_of("ALTER TABLE leads DROP COLUMN email;", &crm());
    let error = behind("CREATE INDEX leads_email ON leads (email);", &waiting).unwrap_err();
    assert!(
        error.contains("email") && !error.contains("contract of"),
        "{error}"
    );
}

#[test]
fn what_the_contract_changes_must_wait() {
    let waiting = plan_of("ALTER TABLE leads DROP COLUMN email;", &crm());
    let error = behind("ALTER TABLE leads ADD COLUMN email citext_like;", &waiting).unwrap_err();
    assert!(
        error.contains("wait for the contract of 002_change"),
        "{error}"
    );
}
