-- difference: rows <- ALTER TABLE ENABLE TRIGGER | AFTER ANALYZE BEGIN EACH EXECUTE FUNCTION RETURN RETURNS ROW TRIGGER UPDATE @ back
-- right: as psql
-- status: fixed
-- way: back
-- setup
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
CREATE TRIGGER tr AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tf();
ANALYZE;
-- revision
ALTER TABLE t ENABLE TRIGGER tr;
