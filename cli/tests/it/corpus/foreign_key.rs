//! ADD FOREIGN KEY.

use super::{both_ways, corpus};

corpus! {
    add_foreign_key: both_ways("ALTER TABLE leads ADD FOREIGN KEY (owner_id) REFERENCES owners (id);");
    without_columns_of_the_other: both_ways("ALTER TABLE leads ADD CONSTRAINT owned FOREIGN KEY (owner_id) REFERENCES owners;");
    on_delete: both_ways("ALTER TABLE leads ADD FOREIGN KEY (owner_id) REFERENCES owners (id) ON DELETE CASCADE ON UPDATE SET NULL;");
    deferrable: both_ways("ALTER TABLE leads ADD FOREIGN KEY (owner_id) REFERENCES owners (id) DEFERRABLE INITIALLY DEFERRED;");
    not_valid: both_ways("ALTER TABLE leads ADD CONSTRAINT owned FOREIGN KEY (owner_id) REFERENCES owners (id) NOT VALID;");
    not_valid_then_validate: both_ways(
        "ALTER TABLE leads ADD CONSTRAINT owned FOREIGN KEY (owner_id) REFERENCES owners (id) NOT VALID;
         ALTER TABLE leads VALIDATE CONSTRAINT owned;");
    to_itself: both_ways("ALTER TABLE visits ADD COLUMN id bigint UNIQUE; ALTER TABLE visits ADD FOREIGN KEY (lead_id) REFERENCES visits (id) NOT VALID;");
    of_many_columns: both_ways(
        "CREATE UNIQUE INDEX owners_team ON owners (team_id, id);
         ALTER TABLE leads ADD COLUMN team_id bigint;
         UPDATE leads SET team_id = o.team_id FROM owners o WHERE o.id = leads.owner_id;
         CREATE INDEX leads_team ON leads (team_id, owner_id);
         ALTER TABLE leads ADD CONSTRAINT leads_team_fkey FOREIGN KEY (team_id, owner_id) REFERENCES owners (team_id, id);");
    two_at_once: both_ways(
        "ALTER TABLE visits ADD FOREIGN KEY (lead_id) REFERENCES leads (id);
         ALTER TABLE leads ADD FOREIGN KEY (owner_id) REFERENCES owners (id);");
    to_a_partitioned_table: both_ways(
        "CREATE TABLE reminders (bill bigint, at date, FOREIGN KEY (bill, at) REFERENCES bills (id, at));");
    from_a_partitioned_table: both_ways("ALTER TABLE events ADD CONSTRAINT events_lead FOREIGN KEY (lead_id) REFERENCES leads (id);");
    alter_constraint: both_ways("ALTER TABLE calls ALTER CONSTRAINT calls_lead_id_fkey DEFERRABLE INITIALLY DEFERRED;");
    not_enforced: both_ways("ALTER TABLE leads ADD CONSTRAINT owned FOREIGN KEY (owner_id) REFERENCES owners (id) NOT ENFORCED;").since(18);
}
