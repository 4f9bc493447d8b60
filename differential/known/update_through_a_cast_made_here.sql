-- difference: rows <- CREATE FUNCTION RETURNS LANGUAGE AS BEGIN RETURN SELECT FROM; CREATE CAST WITH FUNCTION; UPDATE SET | ANALYZE TYPE
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
CREATE TYPE c AS (x int);
ANALYZE;
-- revision
CREATE FUNCTION left_to_do(c) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM (SELECT FROM t WHERE b IS NULL LIMIT 5) s); END';
CREATE CAST (c AS int) WITH FUNCTION left_to_do(c);
UPDATE t SET b = (ROW(a)::c)::int;
