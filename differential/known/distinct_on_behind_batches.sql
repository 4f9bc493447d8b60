-- difference: rows <- UPDATE SET; DELETE FROM WHERE NOT IN SELECT DISTINCT ON FROM | ANALYZE
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
ANALYZE;
-- revision
UPDATE t SET b = a;
DELETE FROM t WHERE id NOT IN (SELECT DISTINCT ON (a) id FROM t);
