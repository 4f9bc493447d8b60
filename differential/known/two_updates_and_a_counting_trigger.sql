-- difference: rows <- UPDATE SET; UPDATE SET WHERE IS NULL | ANALYZE BEFORE COLUMN DEFAULT EACH EXECUTE FUNCTION NOT RETURNS ROW TRIGGER UPDATE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, s text, pad text);
INSERT INTO t SELECT i, i % 50, CASE WHEN i % 7 = 0 THEN NULL ELSE i % 13 END, 'r' || i, repeat('x', 400) FROM generate_series(1, 3500) i;
ALTER TABLE t ADD COLUMN ver int NOT NULL DEFAULT 1;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin new.ver := old.ver + 1; return new; end';
CREATE TRIGGER tg BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
ANALYZE;
-- revision
UPDATE t SET a = 5;
UPDATE t SET b = 5 WHERE b IS NULL;
