-- difference: dead end: 2BP01 <- ALTER TABLE DROP COLUMN; CREATE VIEW AS SELECT FROM
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
-- revision
ALTER TABLE t DROP COLUMN b;
CREATE VIEW v AS SELECT * FROM t;
-- upgrade: 001_change contract-1: cannot drop column b of table t because other objects depend on it (view v depends on column b of table t) [2BP01]
-- rollback: the contract of 001_change has begun: finish it with `concertina contract`, then `concertina downgrade`
