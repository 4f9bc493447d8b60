-- difference: rows <- UPDATE SET; ALTER TABLE ADD DEFAULT | ANALYZE FUNCTION RETURNS SEQUENCE VOLATILE
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
CREATE SEQUENCE s;
CREATE FUNCTION f() RETURNS int LANGUAGE sql VOLATILE AS 'SELECT nextval(''s'')::int';
ANALYZE;
-- revision
UPDATE t SET b = a;
ALTER TABLE t ADD c int DEFAULT f();
