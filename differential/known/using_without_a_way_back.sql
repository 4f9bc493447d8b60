-- difference: false refusal: C113 <- ALTER TABLE ALTER TYPE USING | INDEX @ back
-- right: as psql
-- status: fixed
-- way: back
-- setup
CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT g, g FROM generate_series(1,20) g; CREATE INDEX ON t (n);
-- revision
ALTER TABLE t ALTER n TYPE bigint USING (n * 10)::bigint;
