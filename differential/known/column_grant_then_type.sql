-- difference: schema: - GRANT ON TABLE TO <- GRANT SELECT ON TO; ALTER TABLE ALTER TYPE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a numeric);
INSERT INTO t SELECT g, g FROM generate_series(1,20) g;
-- revision
GRANT SELECT (a) ON t TO reader;
ALTER TABLE t ALTER a TYPE text;
-- - GRANT SELECT(a) ON TABLE public.t TO reader;
