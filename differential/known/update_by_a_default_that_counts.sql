-- difference: rows <- UPDATE SET DEFAULT | ANALYZE BEGIN DEFAULT FUNCTION IS LIMIT RETURN RETURNS SET WHERE
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
CREATE FUNCTION left_to_do() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM (SELECT FROM t WHERE b IS NULL LIMIT 5) s); END';
ALTER TABLE t ALTER b SET DEFAULT left_to_do();
ANALYZE;
-- revision
UPDATE t SET b = DEFAULT;
