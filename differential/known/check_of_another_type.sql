-- difference: half way: 42883 <- ALTER TABLE ALTER TYPE USING | CHECK NOT
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL, CHECK (n > 0));
INSERT INTO t SELECT g, g FROM generate_series(1,60) g;
-- revision
ALTER TABLE t ALTER n TYPE text USING n::text;
-- upgrade: 001_change backfill-2: operator does not exist: text > integer [42883]
