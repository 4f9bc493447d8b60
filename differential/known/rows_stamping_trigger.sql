-- difference: rows <- UPDATE SET | BEFORE BEGIN EACH EXECUTE FUNCTION NEW RETURN RETURNS ROW TRIGGER UPDATE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.b := 'stamped'; RETURN NEW; END $$;
CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
-- revision
UPDATE t SET a = 5;
-- t: 200 rows, wanted 200
