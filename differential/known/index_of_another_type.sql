-- difference: half way: 42883 <- ALTER TABLE ALTER TYPE USING | INDEX NOT
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL);
INSERT INTO t SELECT g, g FROM generate_series(1,60) g;
CREATE INDEX ON t ((n + 1));
-- revision
ALTER TABLE t ALTER n TYPE text USING n::text;
-- upgrade: 001_change backfill-2: operator does not exist: text + integer [42883]
