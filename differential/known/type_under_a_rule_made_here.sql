-- difference: dead end: 2BP01 <- CREATE RULE AS ON UPDATE TO WHERE DO INSTEAD; ALTER TABLE ALTER COLUMN TYPE
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, amount int);
INSERT INTO t SELECT g, g FROM generate_series(1,300) g;
-- revision
CREATE RULE r AS ON UPDATE TO t WHERE new.amount > 1000000 DO INSTEAD NOTHING;
ALTER TABLE t ALTER COLUMN amount TYPE numeric;
-- contract: 001_change contract-2: cannot drop column amount of table t because other objects depend on it (rule r on table t depends on column amount of table t) [2BP01]
