-- difference: half way: 42883 <- ALTER TABLE RENAME COLUMN TO | ARRAY @ beside
-- right: as psql
-- status: fixed
-- way: beside
-- setup
CREATE TABLE t (id int PRIMARY KEY, raw json[]);
INSERT INTO t SELECT g, ARRAY['{}'::json] FROM generate_series(1, 3000) g;
-- revision
ALTER TABLE t RENAME COLUMN raw TO facts;
-- upgrade: backfill-1: backfill of t, blocks 0 to 8: could not identify an equality operator for type json [42883]
