-- difference: dead end: 2BP01 <- ALTER POLICY ON USING; ALTER TABLE ALTER COLUMN TYPE | POLICY USING
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, amount int);
INSERT INTO t SELECT g, g FROM generate_series(1,300) g;
CREATE POLICY p ON t USING (id > 10);
-- revision
ALTER POLICY p ON t USING (amount > 10);
ALTER TABLE t ALTER COLUMN amount TYPE numeric;
-- contract: 001_change contract-2: cannot drop column amount of table t because other objects depend on it (policy p on table t depends on column amount of table t) [2BP01]
