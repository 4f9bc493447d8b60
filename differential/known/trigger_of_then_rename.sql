-- difference: dead end: 2BP01 <- ALTER TABLE RENAME COLUMN TO | BEFORE BEGIN EACH EXECUTE FUNCTION NEW RETURN RETURNS ROW TRIGGER UPDATE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 3000) g;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER g BEFORE UPDATE OF b ON t FOR EACH ROW EXECUTE FUNCTION f();
-- revision
ALTER TABLE t RENAME COLUMN b TO c;
-- contract: 001_change contract-1: cannot drop column b of table t because other objects depend on it (trigger g on table t depends on column b of table t) [2BP01]
