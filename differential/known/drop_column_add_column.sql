-- difference: bare error: 42701 <- ALTER TABLE DROP COLUMN; ALTER TABLE ADD COLUMN
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
ALTER TABLE t DROP COLUMN b;
ALTER TABLE t ADD COLUMN b int;
-- 001_change expand-1: column "b" of relation "t" already exists [42701]
