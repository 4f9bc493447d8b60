-- difference: rows <- ALTER TABLE ALTER TYPE USING; UPDATE SET | ANALYZE FUNCTION RETURNS STABLE WHERE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
CREATE TABLE o (id int PRIMARY KEY, v int);
INSERT INTO o SELECT i, i FROM generate_series(0, 6) i;
CREATE FUNCTION fo(int) RETURNS int LANGUAGE sql STABLE AS 'SELECT v FROM o WHERE id = $1';
ANALYZE;
-- revision
ALTER TABLE t ALTER a TYPE bigint USING fo(a);
UPDATE o SET v = v + 10;
UPDATE t SET b = 1;
