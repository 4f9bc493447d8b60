-- difference: rows <- ALTER TABLE ADD ADD; UPDATE SET | ANALYZE BEFORE BEGIN EACH EXECUTE FUNCTION RETURN RETURNS ROW TRIGGER UPDATE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.b := coalesce(new.b, 0) + 1; RETURN new; END';
CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tf();
ANALYZE;
-- revision
ALTER TABLE t ADD c int, ADD d int;
UPDATE t SET c = a;
UPDATE t SET d = a + 1;
