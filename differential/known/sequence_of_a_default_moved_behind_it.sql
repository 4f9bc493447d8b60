-- difference: rows <- UPDATE SET DEFAULT WHERE; SELECT | ANALYZE DEFAULT SEQUENCE SET
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
CREATE SEQUENCE s;
ALTER TABLE t ALTER b SET DEFAULT nextval('s');
ANALYZE;
-- revision
UPDATE t SET b = DEFAULT WHERE a = 1;
SELECT setval('s', 5000);
