//! Views and materialized views.

use super::{both_ways, corpus, one_way};

corpus! {
    view: both_ways("CREATE VIEW won AS SELECT id, email FROM leads WHERE status = 'won';");
    replace_view: one_way("CREATE OR REPLACE VIEW people AS SELECT id, team_id FROM owners;");
    drop_view: one_way("DROP VIEW people;");
    view_options: both_ways("ALTER VIEW people SET (security_barrier = true);");
    view_default: both_ways("ALTER VIEW people ALTER COLUMN id SET DEFAULT 7;");
    materialized_view: both_ways("CREATE MATERIALIZED VIEW busy AS SELECT owner_id FROM leads WHERE score > 5; CREATE INDEX ON busy (owner_id);");
    materialized_view_without_data: both_ways("CREATE MATERIALIZED VIEW busy AS SELECT owner_id FROM leads WITH NO DATA;");
    refresh: both_ways("REFRESH MATERIALIZED VIEW totals;");
    refresh_concurrently: both_ways("REFRESH MATERIALIZED VIEW CONCURRENTLY totals;");
    drop_materialized_view: one_way("DROP MATERIALIZED VIEW scores;");
}
