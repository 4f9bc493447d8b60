-- difference: dead end: 2BP01 <- DROP FUNCTION; ALTER TABLE ALTER COLUMN TYPE; CREATE FUNCTION RETURNS LANGUAGE BEGIN ATOMIC SELECT FROM WHERE | ATOMIC BEGIN FUNCTION RETURNS WHERE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, amount int);
INSERT INTO t SELECT g, g FROM generate_series(1,300) g;
CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT amount FROM t WHERE id = x; END;
-- revision
DROP FUNCTION f(int);
ALTER TABLE t ALTER COLUMN amount TYPE bigint;
CREATE FUNCTION f(x int) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT amount FROM t WHERE id = x; END;
-- contract: 001_change contract-1: cannot drop column amount of table t because other objects depend on it (function f(integer) depends on column amount of table t) [2BP01]
