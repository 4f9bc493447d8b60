-- difference: rows: COLUMN VALUE <- ALTER TABLE ALTER TYPE USING @ back
-- right: as psql
-- status: fixed
-- way: back
-- setup
CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT g, g FROM generate_series(1,20) g;
-- revision
ALTER TABLE t ALTER n TYPE bigint USING n::bigint + 1;
