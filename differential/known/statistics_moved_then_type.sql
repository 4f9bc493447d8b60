-- difference: dead end: 42704 <- ALTER STATISTICS SET SCHEMA; ALTER TABLE ALTER TYPE USING | SCHEMA STATISTICS
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a numeric, b int);
INSERT INTO t SELECT g, g FROM generate_series(1,20) g;
CREATE STATISTICS s ON a, b FROM t;
CREATE SCHEMA z;
-- revision
ALTER STATISTICS s SET SCHEMA z;
ALTER TABLE t ALTER a TYPE bigint USING a::bigint;
-- contract: 001_change contract-2: statistics object "public.s" does not exist [42704]
