-- difference: bare error: 42704 <- CREATE DOMAIN AS CHECK VALUE; ALTER TABLE ALTER COLUMN TYPE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t SELECT g, g, $$v$$ || g FROM generate_series(1, 50) g;
-- revision
CREATE DOMAIN d AS int CHECK (VALUE > 0);
ALTER TABLE t ALTER COLUMN a TYPE d;
