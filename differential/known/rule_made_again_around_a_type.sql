-- difference: dead end: 2BP01 <- DROP RULE ON; ALTER TABLE ALTER COLUMN TYPE; CREATE RULE AS ON UPDATE TO WHERE DO INSTEAD | DO INSTEAD NOTHING RULE UPDATE WHERE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, amount int);
INSERT INTO t SELECT g, g FROM generate_series(1,300) g;
CREATE RULE r AS ON UPDATE TO t WHERE new.amount > 1000000 DO INSTEAD NOTHING;
-- revision
DROP RULE r ON t;
ALTER TABLE t ALTER COLUMN amount TYPE bigint;
CREATE RULE r AS ON UPDATE TO t WHERE new.amount > 1000000 DO INSTEAD NOTHING;
-- contract: 001_change contract-1: cannot drop column amount of table t because other objects depend on it (rule r on table t depends on column amount of table t) [2BP01]
