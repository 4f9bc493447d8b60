-- difference: dead end: 2BP01 <- CREATE FUNCTION RETURNS LANGUAGE BEGIN ATOMIC SELECT FROM WHERE; ALTER TABLE ALTER COLUMN TYPE
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, amount int);
INSERT INTO t SELECT g, g FROM generate_series(1,300) g;
-- revision
CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT amount FROM t WHERE id = x; END;
ALTER TABLE t ALTER COLUMN amount TYPE numeric;
-- contract: 001_change contract-1: cannot drop column amount of table t because other objects depend on it (function f(integer) depends on column amount of table t) [2BP01]
