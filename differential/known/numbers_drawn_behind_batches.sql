-- difference: rows <- UPDATE SET WHERE; UPDATE SET | ANALYZE SEQUENCE
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE SEQUENCE s;
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
ANALYZE;
-- revision
UPDATE t SET a = 0 WHERE a = 3;
UPDATE t SET b = nextval('s');
