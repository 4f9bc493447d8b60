//! ADD UNIQUE, ADD PRIMARY KEY.

use super::{both_ways, corpus};

corpus! {
    add_unique: both_ways("ALTER TABLE leads ADD CONSTRAINT leads_owner_email UNIQUE (owner_id, email);");
    add_unnamed_unique: both_ways("ALTER TABLE leads ADD UNIQUE (owner_id, id);");
    deferrable: both_ways("ALTER TABLE leads ADD UNIQUE (owner_id, id) DEFERRABLE INITIALLY DEFERRED;");
    nulls_not_distinct: both_ways("ALTER TABLE leads ADD CONSTRAINT once UNIQUE NULLS NOT DISTINCT (owner_id, email);").since(15);
    including: both_ways("ALTER TABLE leads ADD CONSTRAINT wide UNIQUE (id) INCLUDE (email);");
    add_primary_key: both_ways("ALTER TABLE visits ADD PRIMARY KEY (lead_id, at);");
    replace_unique: both_ways(
        "ALTER TABLE leads DROP CONSTRAINT leads_email_key;
         ALTER TABLE leads ADD CONSTRAINT leads_scoped UNIQUE (owner_id, email);");
    replace_unique_under_its_name: both_ways(
        "ALTER TABLE leads DROP CONSTRAINT leads_email_key;
         ALTER TABLE leads ADD CONSTRAINT leads_email_key UNIQUE (owner_id, email);");
    replace_primary_key: both_ways(
        "ALTER TABLE calls DROP CONSTRAINT calls_pkey, ADD CONSTRAINT calls_pkey PRIMARY KEY (lead_id, id);");
    using_an_index: both_ways(
        "CREATE UNIQUE INDEX leads_twice ON leads (owner_id, email);
         ALTER TABLE leads ADD CONSTRAINT leads_both UNIQUE USING INDEX leads_twice;");
    on_partitions: both_ways("ALTER TABLE events ADD CONSTRAINT events_once UNIQUE (id, at, kind);");
    primary_key_on_partitions: both_ways("ALTER TABLE regions ADD PRIMARY KEY (id, land);");
    primary_key_on_new: both_ways(
        "CREATE TABLE plans (code text NOT NULL); ALTER TABLE plans ADD PRIMARY KEY (code);
         ALTER TABLE plans ADD COLUMN price numeric CHECK (price > 0);");
}
