-- difference: panic <- ALTER TABLE ADD COLUMN; ALTER TABLE ATTACH PARTITION FOR VALUES IN
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $x$ BEGIN RETURN NEW; END $x$;
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS $x$ SELECT $1 $x$;
CREATE SEQUENCE sq;
CREATE SCHEMA sc;
CREATE TABLE sc.inner_t (id int);
CREATE DOMAIN dom AS text;
CREATE TYPE comp AS (a int, b dom);
CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT f(3), b text, c int DEFAULT nextval($x$sq$x$));
INSERT INTO t SELECT g, g, $x$v$x$ || g FROM generate_series(1, 50) g;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tf();
CREATE VIEW v AS SELECT id, f(a) AS fa FROM t;
CREATE VIEW w AS SELECT * FROM v;
ALTER TABLE t ADD CONSTRAINT ck CHECK (f(a) < 1000);
CREATE POLICY po ON t USING (a > 1);
-- revision
ALTER TABLE t ADD COLUMN zz int;
ALTER TABLE t ATTACH PARTITION t FOR VALUES IN (1);
