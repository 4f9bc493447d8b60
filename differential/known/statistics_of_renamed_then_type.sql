-- difference: dead end: 42703 <- ALTER TABLE RENAME TO; ALTER TABLE ALTER TYPE USING | STATISTICS
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a numeric, b int);
INSERT INTO t SELECT g, g FROM generate_series(1,20) g;
CREATE STATISTICS s ON a, b FROM t;
-- revision
ALTER TABLE t RENAME b TO c;
ALTER TABLE t ALTER a TYPE bigint USING a::bigint;
-- contract: 001_change contract-2: column "b" does not exist [42703]
