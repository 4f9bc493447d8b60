-- difference: dead end: 2BP01 <- ALTER TABLE DROP COLUMN | DO INSTEAD NOTHING RULE UPDATE WHERE
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, amount int);
INSERT INTO t SELECT g, g FROM generate_series(1,300) g;
CREATE RULE r AS ON UPDATE TO t WHERE new.amount > 1000000 DO INSTEAD NOTHING;
-- revision
ALTER TABLE t DROP COLUMN amount;
-- contract: 001_change contract-1: cannot drop column amount of table t because other objects depend on it (rule r on table t depends on column amount of table t) [2BP01]
