//! Settings of a table, and row-level security.

use super::{both_ways, corpus, one_way};

corpus! {
    storage_parameters: both_ways("ALTER TABLE leads SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);");
    reset_storage_parameters: both_ways("ALTER TABLE leads RESET (fillfactor);");
    several: both_ways(
        "ALTER TABLE leads ALTER COLUMN email SET STATISTICS 500, ALTER COLUMN email SET STORAGE EXTERNAL, REPLICA IDENTITY FULL;");
    replica_identity_index: both_ways("ALTER TABLE leads REPLICA IDENTITY USING INDEX leads_email_key;");
    cluster_on: both_ways("ALTER TABLE leads CLUSTER ON leads_owner;");
    without_cluster: both_ways("ALTER TABLE leads SET WITHOUT CLUSTER;");
    owner: both_ways("ALTER TABLE leads OWNER TO pg_monitor;");
    row_level_security: both_ways(
        "CREATE POLICY own ON leads USING (owner_id = current_setting('app.owner')::bigint);
         ALTER TABLE leads ENABLE ROW LEVEL SECURITY;");
    force_row_security: both_ways("ALTER TABLE owners FORCE ROW LEVEL SECURITY;");
    disable_row_security: both_ways("ALTER TABLE owners DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;");
    policy: both_ways("CREATE POLICY own ON leads AS RESTRICTIVE FOR SELECT TO pg_monitor USING (score > 0);");
    alter_policy: both_ways("ALTER POLICY teams ON owners TO pg_monitor USING (team_id > 10);");
    drop_policy: both_ways("DROP POLICY teams ON owners;");
    rename_policy: both_ways("ALTER POLICY teams ON owners RENAME TO crews;");
    of_type: both_ways("CREATE TYPE spot AS (a int, b text); CREATE TABLE spots OF spot;");
    grant: both_ways("GRANT SELECT, INSERT ON leads TO pg_monitor;");
    grant_again: both_ways("GRANT SELECT, UPDATE ON owners TO pg_monitor, pg_read_all_data;");
    revoke: both_ways("REVOKE SELECT ON owners FROM pg_monitor;");
    grant_on_columns: both_ways("GRANT SELECT (email) ON leads TO pg_monitor;");
    grant_on_all: one_way("GRANT SELECT ON ALL TABLES IN SCHEMA public TO pg_monitor;");
    default_privileges: one_way("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO pg_monitor;");
}
