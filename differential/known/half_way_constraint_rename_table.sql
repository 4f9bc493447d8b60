-- difference: half way: 42809 <- ALTER TABLE ADD CHECK; ALTER TABLE RENAME TO
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
ALTER TABLE t ADD CHECK (a >= 0);
ALTER TABLE t RENAME TO u;
-- upgrade: 001_change backfill-1: ALTER action ADD CONSTRAINT cannot be performed on relation "t" (This operation is not supported for views.) [42809]
