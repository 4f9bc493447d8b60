-- difference: refused: C109 <- DROP POLICY ON; ALTER TABLE ALTER COLUMN TYPE; CREATE POLICY ON USING | POLICY USING
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, amount int);
INSERT INTO t SELECT g, g FROM generate_series(1,300) g;
CREATE POLICY p ON t USING (amount > 10);
-- revision
DROP POLICY p ON t;
ALTER TABLE t ALTER COLUMN amount TYPE numeric;
CREATE POLICY p ON t USING (amount > 10);
