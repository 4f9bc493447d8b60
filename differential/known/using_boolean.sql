-- difference: false refusal: C113 <- ALTER TABLE ALTER TYPE USING
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT g, g FROM generate_series(1,20) g;
-- revision
ALTER TABLE t ALTER n TYPE boolean USING n > 3;
