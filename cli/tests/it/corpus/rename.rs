//! RENAME of columns and tables.

use super::{both_ways, corpus};

corpus! {
    column: both_ways("ALTER TABLE visits RENAME COLUMN place TO spot;");
    column_with_index: both_ways("CREATE UNIQUE INDEX visits_place ON visits (place, lower(place)) WHERE lead_id > 0; ALTER TABLE visits RENAME COLUMN place TO spot;");
    column_of_a_key: both_ways("ALTER TABLE calls RENAME COLUMN lead_id TO about_id;");
    column_of_partitions_with_their_own: both_ways("CREATE INDEX events_lead ON events (lead_id);
        CREATE INDEX own ON events_2025 (lead_id, at); ALTER TABLE events RENAME COLUMN lead_id TO about_id;");
    column_that_partitions_are_made_by: both_ways("ALTER TABLE events RENAME COLUMN kind TO sort;");
    column_of_children: both_ways("ALTER TABLE vehicles RENAME COLUMN wheels TO tyres;");
    column_at_contract: both_ways("-- concertina: phase contract\nALTER TABLE visits RENAME COLUMN place TO spot;");
    column_of_identity: both_ways("ALTER TABLE seats RENAME COLUMN id TO number_of;");
    column_that_others_are_computed_from: both_ways("ALTER TABLE seats RENAME COLUMN price TO cost;");
    column_that_is_computed: both_ways("ALTER TABLE seats RENAME COLUMN taxed TO gross;");
    column_and_its_constraint: both_ways("ALTER TABLE visits RENAME COLUMN place TO spot;
        ALTER TABLE visits RENAME CONSTRAINT known TO spot_known;");
    column_and_its_index: both_ways("ALTER TABLE calls RENAME COLUMN lead_id TO about_id; ALTER INDEX calls_lead RENAME TO calls_about;");
    column_of_views: both_ways("ALTER TABLE owners RENAME COLUMN id TO owner_id;");
    column_of_ones_own: both_ways("ALTER TABLE leads ADD COLUMN a int; ALTER TABLE leads RENAME COLUMN a TO b;");
    table: both_ways("ALTER TABLE visits RENAME TO calls_made;");
    table_that_is_referenced: both_ways("ALTER TABLE leads RENAME TO prospects;");
    column_of_partitions: both_ways("ALTER TABLE events RENAME COLUMN lead_id TO about_id;");
}
