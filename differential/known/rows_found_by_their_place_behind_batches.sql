-- difference: rows <- UPDATE SET; DELETE FROM WHERE | ANALYZE
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
ANALYZE;
-- revision
UPDATE t SET b = 1;
DELETE FROM t WHERE ctid < '(20,0)';
