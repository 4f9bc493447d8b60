-- difference: dead end: 42809 <- ALTER TABLE ALTER COLUMN SET NOT NULL; ALTER TABLE RENAME TO
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
ALTER TABLE t ALTER COLUMN b SET NOT NULL;
ALTER TABLE t RENAME TO u;
-- contract: 001_change contract-1: ALTER action ADD CONSTRAINT cannot be performed on relation "t" (This operation is not supported for views.) [42809]
