-- difference: rows <- UPDATE SET WHERE; CREATE OR REPLACE FUNCTION RETURNS LANGUAGE AS | ANALYZE BEFORE COLUMN EACH EXECUTE FUNCTION RETURNS ROW TRIGGER UPDATE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, s text, pad text);
INSERT INTO t SELECT i, i % 50, CASE WHEN i % 7 = 0 THEN NULL ELSE i % 13 END, 'r' || i, repeat('x', 400) FROM generate_series(1, 3500) i;
ALTER TABLE t ADD COLUMN d date;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin new.d := ''2001-01-01''; return new; end';
CREATE TRIGGER tg BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
ANALYZE;
-- revision
UPDATE t SET a = 1 WHERE id < 1000;
CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin new.d := ''2002-02-02''; return new; end';
