-- difference: schema: - ALTER STATISTICS OWNER TO / - CREATE STATISTICS ON FROM <- CREATE STATISTICS ON FROM; ALTER TABLE ALTER TYPE USING
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a numeric, b int);
INSERT INTO t SELECT g, g FROM generate_series(1,20) g;
-- revision
CREATE STATISTICS s ON a, b FROM t;
ALTER TABLE t ALTER a TYPE bigint USING a::bigint;
-- - ALTER STATISTICS public.s OWNER TO postgres;
-- - CREATE STATISTICS public.s ON a, b FROM public.t
