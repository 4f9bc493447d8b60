-- difference: dead end: 42703 <- ALTER TABLE ADD COLUMN; UPDATE SET; ALTER TABLE RENAME COLUMN TO; ALTER TABLE ALTER COLUMN TYPE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t SELECT g, g, $$v$$ || g FROM generate_series(1, 50) g;
-- revision
ALTER TABLE t ADD COLUMN k int;
UPDATE t SET k = a * 2;
-- revision
ALTER TABLE t RENAME COLUMN k TO z;
-- revision
ALTER TABLE t ALTER COLUMN z TYPE bigint;
