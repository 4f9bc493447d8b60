-- difference: dead end: 2BP01 / 55000 <- CREATE INDEX ON | BY PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE p (id bigint, q int) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
INSERT INTO p SELECT g, g FROM generate_series(1,20) g;
-- revision
CREATE INDEX ON p (q);
CREATE INDEX ON p (q);
-- upgrade: 001_change backfill-4: cannot attach index "p1_q_idx" as a partition of index "p_q_idx1" (Index "p1_q_idx" is already attached to another index.) [55000]
-- rollback: 001_change backfill-3: cannot drop index p1_q_idx because index p_q_idx requires it [2BP01]
