-- difference: rows <- UPDATE SET | ANALYZE BEGIN FUNCTION IS LIMIT OPERATOR RETURN RETURNS WHERE
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
CREATE FUNCTION left_to_do(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM (SELECT FROM t WHERE b IS NULL LIMIT 5) s); END';
CREATE OPERATOR @@@ (rightarg = int, function = left_to_do);
ANALYZE;
-- revision
UPDATE t SET b = @@@ a;
