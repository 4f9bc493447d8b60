-- difference: rows <- ALTER DOMAIN SET DEFAULT; ALTER TABLE ALTER TYPE USING | ANALYZE DOMAIN
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
CREATE DOMAIN d AS int;
ANALYZE;
-- revision
ALTER DOMAIN d SET DEFAULT 7;
ALTER TABLE t ALTER a TYPE d USING a + 1;
