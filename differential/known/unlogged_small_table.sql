-- difference: refused: C105 <- UPDATE SET; ALTER TABLE SET UNLOGGED; ALTER TABLE ADD COLUMN
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
UPDATE t SET a = 1;
ALTER TABLE t SET UNLOGGED;
ALTER TABLE t ADD COLUMN z int;
