//! CREATE INDEX, DROP INDEX, REINDEX, ALTER INDEX.

use super::{both_ways, corpus};

corpus! {
    create_partial: both_ways("CREATE INDEX leads_score ON leads (score DESC NULLS LAST) WHERE score > 2;");
    create_concurrently: both_ways("CREATE INDEX CONCURRENTLY leads_score ON leads (score);");
    create_unique: both_ways("CREATE UNIQUE INDEX leads_lower ON leads (lower(email));");
    create_gin: both_ways("CREATE INDEX leads_words ON leads USING gin (to_tsvector('simple', email));");
    create_brin_hash_and_include: both_ways(
        "CREATE INDEX leads_brin ON leads USING brin (id); CREATE INDEX leads_hash ON leads USING hash (email);
         CREATE INDEX leads_incl ON leads (score) INCLUDE (email);");
    create_sorted: both_ways("CREATE INDEX leads_sorted ON leads (email COLLATE \"C\" DESC NULLS LAST, score);");
    create_with_options: both_ways("CREATE INDEX leads_full ON leads (email text_pattern_ops) WITH (fillfactor = 70);");
    create_unnamed: both_ways("CREATE INDEX ON leads (score, lower(email));");
    create_what_is_there: both_ways("CREATE INDEX IF NOT EXISTS leads_owner ON leads (owner_id);");
    create_on_materialized_view: both_ways("CREATE UNIQUE INDEX scores_score ON scores (score);");
    drop_index: both_ways("DROP INDEX leads_owner;");
    drop_concurrently: both_ways("DROP INDEX CONCURRENTLY leads_owner;");
    replace_under_its_name: both_ways("DROP INDEX leads_owner; CREATE INDEX leads_owner ON leads (owner_id, score);");
    reindex: both_ways("REINDEX INDEX leads_owner;");
    reindex_table: both_ways("REINDEX TABLE leads;");
    rename: both_ways("ALTER INDEX leads_owner RENAME TO leads_by_owner;");
    set_options: both_ways("ALTER INDEX leads_owner SET (fillfactor = 70);");
    quoted_names: both_ways(
        r#"CREATE TABLE "Odd ""Name" ("select" int PRIMARY KEY, "a b" text); CREATE INDEX ON "Odd ""Name" ("a b");"#);
    of_partitions: both_ways("CREATE INDEX events_kind ON events (kind, id);");
    unnamed_of_partitions: both_ways("CREATE UNIQUE INDEX ON events (at, kind, id);");
    of_the_parent_alone: both_ways("CREATE INDEX events_kind ON ONLY events (kind);");
    drop_of_partitions: both_ways("CREATE INDEX bills_total ON bills (total); DROP INDEX bills_total;");
}
