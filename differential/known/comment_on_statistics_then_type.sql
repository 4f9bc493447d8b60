-- difference: schema: - COMMENT ON STATISTICS IS <- COMMENT ON STATISTICS IS; ALTER TABLE ALTER TYPE USING | STATISTICS
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a numeric, b int);
INSERT INTO t SELECT g, g FROM generate_series(1,20) g;
CREATE STATISTICS s ON a, b FROM t;
-- revision
COMMENT ON STATISTICS s IS 'neu';
ALTER TABLE t ALTER a TYPE bigint USING a::bigint;
-- - COMMENT ON STATISTICS public.s IS 'neu';
