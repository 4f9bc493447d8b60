-- difference: schema: + CREATE STATISTICS ON FROM / - CREATE STATISTICS ON FROM <- ALTER TABLE ALTER COLUMN TYPE | STATISTICS
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 3000) g;
CREATE STATISTICS x ON a, b FROM t;
-- revision
ALTER TABLE t ALTER COLUMN a TYPE bigint;
-- - CREATE STATISTICS public.x ON a, b FROM public.t;
-- + CREATE STATISTICS public.x ON b, a FROM public.t;
