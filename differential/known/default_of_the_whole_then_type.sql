-- difference: false refusal: C105 <- ALTER TABLE ALTER SET DEFAULT; ALTER TABLE ALTER TYPE | BY PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE p (id bigint, q int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100); INSERT INTO p SELECT g, g FROM generate_series(1,20) g;
-- revision
ALTER TABLE p ALTER q SET DEFAULT 4;
ALTER TABLE p ALTER q TYPE bigint;
