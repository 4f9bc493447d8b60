-- difference: rows <- ALTER TABLE ADD; UPDATE SET; WITH AS UPDATE INSERT INTO SELECT FROM | ANALYZE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
CREATE TABLE o (id int PRIMARY KEY, v int);
INSERT INTO o SELECT i, i FROM generate_series(0, 6) i;
ANALYZE;
-- revision
ALTER TABLE t ADD d int;
UPDATE t SET d = a;
WITH w AS (UPDATE t SET a = 9 WHERE a = 3 RETURNING id) INSERT INTO o SELECT id + 10000, 1 FROM w;
