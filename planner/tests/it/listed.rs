//! Which statements are walked over their table, and which are listed first.

use crate::fixture::crm;
use concertina_planner::plan;
use concertina_revisions::{Revision, RevisionId};

/// The backfills of a revision, in words.
fn backfills(sql: &str) -> String {
    let revision = Revision::from_text(&RevisionId::new("002_change"), sql).expect("valid SQL");
    let plan = plan(&revision, &crm()).unwrap_or_else(|refused| panic!("{sql}: {refused:?}"));
    plan.backfill
        .iter()
        .flat_map(|step| step.work.summary())
        .collect::<Vec<_>>()
        .join("; ")
}

#[test]
fn what_is_of_its_row_alone_is_walked() {
    for sql in [
        "UPDATE leads SET status = 'old' WHERE status <> 'old'",
        "UPDATE leads SET status = lower(email)",
        "UPDATE leads SET status = o.id::text FROM owners o WHERE o.id = leads.owner_id",
        "UPDATE leads SET status = (SELECT tenant_key FROM tenants WHERE tenants.id = leads.owner_id)",
        "ALTER TABLE leads ADD COLUMN n bigint; UPDATE leads SET n = (SELECT count(*) FROM deals WHERE deals.lead_id = leads.id)",
        "ALTER TABLE leads ADD COLUMN a text; UPDATE leads SET a = email WHERE a IS NULL",
    ] {
        assert!(
            backfills(sql).starts_with("backfill leads"),
            "{sql}: {}",
            backfills(sql)
        );
    }
    assert!(
        backfills("DELETE FROM deals USING leads WHERE leads.id = deals.lead_id")
            .ends_with("in batches")
    );
    let copy =
        "INSERT INTO drafts (id, body) SELECT id, email FROM leads ON CONFLICT (id) DO NOTHING";
    assert_eq!(backfills(copy), "copy leads to drafts in batches");
}

#[test]
fn what_looks_further_is_listed() {
    for sql in [
        "UPDATE leads SET status = status || '!'",
        "UPDATE leads SET email = status, status = email",
        "UPDATE leads SET status = now()::text",
        "UPDATE leads SET status = CURRENT_DATE",
        "UPDATE leads SET status = 'today'::date::text",
        "UPDATE leads SET status = random()::text",
        "UPDATE leads SET status = o.id::text FROM owners o WHERE o.team_id = leads.owner_id",
        "UPDATE leads SET status = (SELECT max(stage) FROM deals WHERE deals.lead_id = leads.id)",
        "UPDATE leads SET status = (SELECT stage FROM deals WHERE deals.lead_id = leads.id LIMIT 1)",
        "UPDATE leads SET status = x.status FROM leads x WHERE x.id = leads.owner_id",
        "UPDATE ONLY leads SET status = 'x'",
        "UPDATE leads SET status = leads::text",
        "WITH few AS (SELECT id FROM deals) UPDATE leads SET status = 'x' WHERE id IN (SELECT id FROM few)",
        "DELETE FROM leads WHERE id NOT IN (SELECT min(id) FROM leads GROUP BY email)",
        "DELETE FROM leads WHERE random() < 0.5",
        "INSERT INTO drafts (body) SELECT email FROM leads",
        "INSERT INTO drafts (id, body) SELECT max(id), status FROM leads GROUP BY status ON CONFLICT (id) DO NOTHING",
        "INSERT INTO drafts (id, body) SELECT owner_id, email FROM leads ON CONFLICT (id) DO NOTHING",
    ] {
        assert!(
            backfills(sql).starts_with("list "),
            "{sql}: {}",
            backfills(sql)
        );
    }
}
