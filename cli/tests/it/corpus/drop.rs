//! DROP of columns, constraints, tables.

use super::{both_ways, corpus, one_way};

corpus! {
    column: one_way("ALTER TABLE leads DROP COLUMN worth;");
    column_that_refuses_null: one_way("ALTER TABLE seats DROP COLUMN number;");
    column_with_check: one_way("ALTER TABLE leads DROP COLUMN title;");
    column_with_index: one_way("ALTER TABLE calls DROP CONSTRAINT calls_lead_id_fkey; ALTER TABLE calls DROP COLUMN lead_id;");
    column_with_foreign_key: one_way("ALTER TABLE calls DROP COLUMN lead_id;");
    column_of_partitions: one_way("ALTER TABLE events DROP COLUMN lead_id;");
    column_that_is_gone: both_ways("ALTER TABLE leads DROP COLUMN IF EXISTS nothing;");
    check: both_ways("ALTER TABLE leads DROP CONSTRAINT leads_status_check;");
    foreign_key: both_ways("ALTER TABLE calls DROP CONSTRAINT calls_lead_id_fkey;");
    unique: both_ways("ALTER TABLE leads DROP CONSTRAINT leads_email_key;");
    primary_key: both_ways("ALTER TABLE calls DROP CONSTRAINT calls_pkey;");
    constraint_that_is_gone: both_ways("ALTER TABLE leads DROP CONSTRAINT IF EXISTS nothing;");
    table: one_way("DROP TABLE visits;");
    table_with_foreign_key: one_way("DROP TABLE calls;");
    tables_at_once: one_way("DROP TABLE visits, calls;");
    table_of_ones_own: both_ways("CREATE TABLE scratch (id int); DROP TABLE scratch;");
    what_is_gone: both_ways("DROP TABLE IF EXISTS nobody; DROP INDEX IF EXISTS nothing; DROP TRIGGER IF EXISTS none ON owners;");
}
