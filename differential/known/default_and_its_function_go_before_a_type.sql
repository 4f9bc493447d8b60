-- difference: rows <- ALTER TABLE ALTER DROP DEFAULT; DROP FUNCTION; ALTER TABLE ALTER TYPE | ANALYZE DEFAULT FUNCTION RETURNS SET
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 3';
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
ALTER TABLE t ALTER b SET DEFAULT f();
ANALYZE;
-- revision
ALTER TABLE t ALTER b DROP DEFAULT;
DROP FUNCTION f();
ALTER TABLE t ALTER b TYPE bigint;
