-- difference: refused: C122 <- ALTER TABLE ALTER COLUMN DROP EXPRESSION; UPDATE SET WHERE | ALWAYS COLUMN GENERATED STORED
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, amount int);
INSERT INTO t SELECT g, g FROM generate_series(1,300) g;
ALTER TABLE t ADD COLUMN twice int GENERATED ALWAYS AS (amount * 2) STORED;
-- revision
ALTER TABLE t ALTER COLUMN twice DROP EXPRESSION;
UPDATE t SET twice = 1 WHERE twice > 20;
