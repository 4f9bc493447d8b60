-- difference: rows <- ALTER TABLE ADD; UPDATE SET; DELETE FROM WHERE IS NULL AND; UPDATE SET | ANALYZE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
ANALYZE;
-- revision
ALTER TABLE t ADD c int;
UPDATE t SET b = 1;
DELETE FROM t WHERE c IS NULL AND a = 1;
UPDATE t SET c = a;
