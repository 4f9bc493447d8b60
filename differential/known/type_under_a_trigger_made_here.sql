-- difference: dead end: 2BP01 <- CREATE TRIGGER BEFORE UPDATE ON FOR EACH ROW WHEN; ALTER TABLE ALTER COLUMN TYPE | BEGIN FUNCTION NEW RETURN RETURNS
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, amount int);
INSERT INTO t SELECT g, g FROM generate_series(1,300) g;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
-- revision
CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW WHEN (old.amount > 3) EXECUTE FUNCTION f();
ALTER TABLE t ALTER COLUMN amount TYPE numeric;
-- contract: 001_change contract-1: cannot drop column amount of table t because other objects depend on it (trigger g on table t depends on column amount of table t) [2BP01]
