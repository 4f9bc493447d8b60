-- difference: schema: - COMMENT ON CONSTRAINT ON <- COMMENT ON CONSTRAINT ON IS; ALTER TABLE ALTER TYPE USING | CHECK CONSTRAINT
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a numeric CONSTRAINT c CHECK (a > 0));
INSERT INTO t SELECT g, g FROM generate_series(1,20) g;
-- revision
COMMENT ON CONSTRAINT c ON t IS 'x';
ALTER TABLE t ALTER a TYPE bigint USING a::bigint;
-- - COMMENT ON CONSTRAINT c ON public.t IS 'x';
