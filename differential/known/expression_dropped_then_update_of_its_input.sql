-- difference: rows <- ALTER TABLE ALTER COLUMN DROP EXPRESSION; UPDATE SET | ALWAYS ANALYZE GENERATED STORED
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, b int, g int GENERATED ALWAYS AS (b * 2) STORED);
INSERT INTO t (id, b) SELECT i, i FROM generate_series(1, 300) i;
ANALYZE;
-- revision
ALTER TABLE t ALTER COLUMN g DROP EXPRESSION;
UPDATE t SET b = 0;
