-- difference: dead end: 2BP01 <- ALTER TABLE DROP COLUMN; ALTER TABLE ALTER COLUMN TYPE; ALTER TABLE ADD COLUMN GENERATED ALWAYS AS STORED | ALWAYS COLUMN GENERATED STORED
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, amount int);
INSERT INTO t SELECT g, g FROM generate_series(1,300) g;
ALTER TABLE t ADD COLUMN twice int GENERATED ALWAYS AS (amount * 2) STORED;
-- revision
ALTER TABLE t DROP COLUMN twice;
ALTER TABLE t ALTER COLUMN amount TYPE bigint;
ALTER TABLE t ADD COLUMN twice bigint GENERATED ALWAYS AS (amount * 2) STORED;
-- contract: 001_change contract-1: cannot drop column amount of table t because other objects depend on it (column twice of table t depends on column amount of table t) [2BP01]
