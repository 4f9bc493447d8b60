-- difference: schema: - COMMENT ON INDEX IS <- COMMENT ON INDEX IS; ALTER TABLE ALTER TYPE USING | UNIQUE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a numeric UNIQUE);
INSERT INTO t SELECT g, g FROM generate_series(1,20) g;
-- revision
COMMENT ON INDEX t_a_key IS 'x';
ALTER TABLE t ALTER a TYPE bigint USING a::bigint;
-- - COMMENT ON INDEX public.t_a_key IS 'x';
