-- difference: false refusal: C102 <- ALTER TABLE ADD COLUMN; CREATE INDEX ON; UPDATE SET | BY PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE p (id bigint, q int) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100); INSERT INTO p SELECT g, g FROM generate_series(1,20) g;
-- revision
ALTER TABLE p ADD COLUMN r int;
CREATE INDEX i ON p1 (r);
UPDATE p1 SET r = q;
