-- difference: dead end: 2BP01 <- ALTER TABLE ALTER COLUMN TYPE; CREATE VIEW AS SELECT FROM
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 3000) g;
-- revision
ALTER TABLE t ALTER COLUMN a TYPE bigint;
CREATE VIEW v AS SELECT a FROM t;
-- contract: 001_change contract-1: cannot drop column a of table t because other objects depend on it (view v depends on column a of table t) [2BP01]
