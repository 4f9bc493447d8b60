-- difference: rows <- ALTER TABLE ADD; UPDATE SET; UPDATE SET SELECT FROM WHERE | ANALYZE
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
UPDATE t SET b = 1;
UPDATE o SET v = 0;
UPDATE t SET d = (SELECT v FROM o WHERE o.id = a);
