-- difference: rows <- UPDATE SET | ANALYZE FUNCTION RETURNS STABLE WHERE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, s text, pad text);
INSERT INTO t SELECT i, i % 50, CASE WHEN i % 7 = 0 THEN NULL ELSE i % 13 END, 'r' || i, repeat('x', 400) FROM generate_series(1, 3500) i;
CREATE FUNCTION prev(r t) RETURNS int LANGUAGE sql STABLE AS 'SELECT a FROM t WHERE id = r.id - 1';
ANALYZE;
-- revision
UPDATE t SET a = t.prev;
