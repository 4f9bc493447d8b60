-- difference: rows <- UPDATE SET WHERE; ALTER SEQUENCE RESTART WITH | ANALYZE BEFORE BEGIN EACH EXECUTE FUNCTION RETURN RETURNS ROW SEQUENCE TRIGGER UPDATE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
CREATE SEQUENCE s;
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.b := nextval(''s''); RETURN new; END';
CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tf();
ANALYZE;
-- revision
UPDATE t SET pad = 'x' WHERE a = 1;
ALTER SEQUENCE s RESTART WITH 5000;
