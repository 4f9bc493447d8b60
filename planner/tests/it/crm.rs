//! The tenancy sequence of a customer database: the planner's main road.

use crate::fixture::{crm, planned};
use insta::assert_snapshot;

#[test]
fn tenants_and_users() {
    assert_snapshot!(planned(
        "CREATE TYPE user_role AS ENUM ('admin', 'member');
         CREATE TABLE accounts (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), account_key text NOT NULL UNIQUE);
         CREATE TABLE users (id uuid PRIMARY KEY, account_id uuid NOT NULL REFERENCES accounts (id), lead_id bigint REFERENCES leads, role user_role NOT NULL DEFAULT 'member');
         CREATE INDEX ON users (account_id);
         INSERT INTO accounts (account_key) VALUES ('default');",
        &crm()
    ));
}

#[test]
fn tenant_column_with_one_value_for_all() {
    assert_snapshot!(planned(
        "ALTER TABLE leads ADD COLUMN tenant_id bigint;
         ALTER TABLE deals ADD COLUMN tenant_id bigint;
         UPDATE leads SET tenant_id = (SELECT id FROM tenants WHERE tenant_key = 'default') WHERE tenant_id IS NULL;
         UPDATE deals SET tenant_id = (SELECT id FROM tenants WHERE tenant_key = 'default') WHERE tenant_id IS NULL;",
        &crm()
    ));
}

#[test]
fn tenant_scoped_uniqueness() {
    let mut catalog = crm();
    let leads = catalog
        .tables
        .iter_mut()
        .find(|table| table.name == "leads")
        .unwrap();
    let leads = std::sync::Arc::make_mut(leads);
    *leads = std::mem::take(leads).column("tenant_id", "bigint");
    leads.columns.last_mut().unwrap().default = Some("1".to_owned());
    assert_snapshot!(planned(
        "ALTER TABLE leads ALTER COLUMN tenant_id SET NOT NULL;
         ALTER TABLE leads DROP CONSTRAINT leads_email_key, ADD UNIQUE (tenant_id, email);
         ALTER TABLE leads ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id);",
        &catalog
    ));
}

#[test]
fn a_value_of_its_own_for_each_row_by_a_join() {
    assert_snapshot!(planned(
        "ALTER TABLE leads ADD COLUMN team_id bigint;
         CREATE INDEX leads_team ON leads (team_id);
         UPDATE leads l SET team_id = o.team_id FROM owners o WHERE o.id = l.owner_id AND l.team_id IS NULL;
         ALTER TABLE leads ALTER COLUMN team_id SET NOT NULL;",
        &crm()
    ));
}

#[test]
fn audit_columns_and_composite_indexes() {
    assert_snapshot!(planned(
        "ALTER TABLE leads ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(), ADD COLUMN deleted_at timestamptz;
         CREATE INDEX leads_status_created ON leads (status, created_at DESC) WHERE deleted_at IS NULL;",
        &crm()
    ));
}
