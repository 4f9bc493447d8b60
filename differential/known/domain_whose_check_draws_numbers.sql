-- difference: rows <- UPDATE SET WHERE | ANALYZE BEGIN CHECK DOMAIN FUNCTION PERFORM RETURN RETURNS SEQUENCE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
CREATE SEQUENCE s;
CREATE FUNCTION counted(int) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN PERFORM nextval(''s''); RETURN true; END';
CREATE DOMAIN d AS int CHECK (counted(value));
CREATE DOMAIN e AS d;
ALTER TABLE t ADD c e;
ANALYZE;
-- revision
UPDATE t SET c = a WHERE id < 10;
