//! Triggers, rules, statistics, comments, names of parts.

use super::{both_ways, corpus, one_way};

corpus! {
    trigger_of_ones_own: both_ways(
        "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
         CREATE TRIGGER stamp BEFORE UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION stamp();");
    trigger_of_partitions: both_ways("CREATE TRIGGER touch BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION touch();");
    replace_trigger: both_ways("CREATE OR REPLACE TRIGGER touch BEFORE INSERT OR UPDATE ON owners FOR EACH ROW EXECUTE FUNCTION touch();");
    drop_trigger: both_ways("DROP TRIGGER touch ON owners;");
    rename_trigger: both_ways("ALTER TRIGGER touch ON owners RENAME TO touched;");
    disable_trigger: both_ways("ALTER TABLE owners DISABLE TRIGGER touch;");
    always_trigger: one_way("ALTER TABLE owners ENABLE ALWAYS TRIGGER touch;");
    rename_check: both_ways("ALTER TABLE leads RENAME CONSTRAINT leads_status_check TO leads_status_given;");
    rename_unique: both_ways("ALTER TABLE leads RENAME CONSTRAINT leads_email_key TO leads_email_unique;");
    statistics: both_ways("CREATE STATISTICS leads_together (dependencies) ON owner_id, score FROM leads;");
    drop_statistics: both_ways("DROP STATISTICS together;");
    comments: both_ways("COMMENT ON TABLE leads IS 'people'; COMMENT ON COLUMN leads.email IS 'it''s lower case';");
    comment_changed: both_ways("COMMENT ON COLUMN owners.team_id IS NULL;");
    comment_on_index: both_ways("COMMENT ON INDEX leads_owner IS 'by owner';");
}
