-- difference: bare error: 42P01 <- CREATE INDEX CONCURRENTLY ON; DROP INDEX; ALTER INDEX RENAME TO | INDEX
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
CREATE INDEX i ON t (a);
-- revision
CREATE INDEX CONCURRENTLY i_new ON t (a);
DROP INDEX i;
ALTER INDEX i_new RENAME TO i;
-- 001_change expand-1: relation "i_new" does not exist [42P01]
