//! Partitions that come and go, and inheritance.

use super::{both_ways, corpus, one_way};

corpus! {
    partitioned_table: both_ways(
        "CREATE TABLE logs (id bigint, at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
         CREATE TABLE logs_2026 PARTITION OF logs FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
         CREATE TABLE logs_rest PARTITION OF logs DEFAULT;
         CREATE INDEX ON logs (at);");
    partition_of: both_ways("CREATE TABLE events_2028 PARTITION OF events FOR VALUES FROM ('2028-01-01') TO ('2029-01-01');");
    partition_beside_default: both_ways("CREATE TABLE bills_2026 PARTITION OF bills FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');");
    partition_of_list: both_ways("CREATE TABLE regions_fr PARTITION OF regions FOR VALUES IN ('fr', 'be');");
    default_partition: both_ways("CREATE TABLE events_rest PARTITION OF events DEFAULT;");
    attach: both_ways("ALTER TABLE events ATTACH PARTITION events_2027 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');");
    attach_new: both_ways(
        "CREATE TABLE events_2029 (LIKE events); ALTER TABLE events ATTACH PARTITION events_2029 FOR VALUES FROM ('2029-01-01') TO ('2030-01-01');");
    attach_beside_default: both_ways(
        "CREATE TABLE bills_2026 (id bigint NOT NULL, at date NOT NULL, total int);
         ALTER TABLE bills ATTACH PARTITION bills_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');");
    detach: both_ways("ALTER TABLE events DETACH PARTITION events_2025;");
    detach_concurrently: both_ways("ALTER TABLE events DETACH PARTITION events_2025 CONCURRENTLY;");
    detach_beside_default: both_ways("ALTER TABLE bills DETACH PARTITION bills_2025;");
    drop_a_partition: one_way("DROP TABLE events_2025;");
    inherit: both_ways("CREATE TABLE boats (id bigint NOT NULL, wheels int); ALTER TABLE boats INHERIT vehicles;");
    no_inherit: one_way("ALTER TABLE cars NO INHERIT vehicles;");
    child_of_ones_own: both_ways("CREATE TABLE trucks (load int) INHERITS (vehicles);");
}
