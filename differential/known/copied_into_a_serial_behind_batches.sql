-- difference: rows <- UPDATE SET; INSERT INTO SELECT FROM WHERE | ANALYZE
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
CREATE TABLE u (n serial, id int);
ANALYZE;
-- revision
UPDATE t SET b = a;
INSERT INTO u (id) SELECT id FROM t WHERE b = 3;
