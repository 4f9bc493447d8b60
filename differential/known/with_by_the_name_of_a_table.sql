-- difference: bare error: 42703 <- WITH AS SELECT FROM UPDATE SET FROM WHERE | ANALYZE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int);
INSERT INTO t SELECT i, i FROM generate_series(1, 300) i;
CREATE TABLE o (id int PRIMARY KEY, v int);
INSERT INTO o SELECT i, i FROM generate_series(1, 100) i;
ANALYZE;
-- revision
WITH t AS (SELECT id, v FROM o) UPDATE o SET v = t.v + 1 FROM t WHERE t.id = o.id + 2;
