//! RENAME of columns and tables.

use super::{both_ways, corpus};

corpus! {
    column: both_ways("ALTER TABLE visits RENAME COLUMN place TO spot;").moving();
    column_with_index: both_ways("CREATE UNIQUE INDEX visits_place ON visits (place, lower(place)) WHERE lead_id > 0; ALTER TABLE visits RENAME COLUMN place TO spot;").moving();
    column_of_a_key: both_ways("ALTER TABLE calls RENAME COLUMN lead_id TO about_id;").moving();
    column_of_ones_own: both_ways("ALTER TABLE leads ADD COLUMN a int; ALTER TABLE leads RENAME COLUMN a TO b;");
    table: both_ways("ALTER TABLE visits RENAME TO calls_made;");
    table_that_is_referenced: both_ways("ALTER TABLE leads RENAME TO prospects;");
    column_of_partitions: both_ways("ALTER TABLE events RENAME COLUMN lead_id TO about_id;").moving();
}
