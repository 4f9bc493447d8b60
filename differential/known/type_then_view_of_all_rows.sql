-- difference: schema: + CREATE MATERIALIZED VIEW AS / - CREATE MATERIALIZED VIEW AS <- ALTER TABLE ALTER COLUMN TYPE USING; CREATE MATERIALIZED VIEW AS SELECT FROM
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, n int, m int);
INSERT INTO t SELECT g, g, g FROM generate_series(1,300) g;
-- revision
ALTER TABLE t ALTER COLUMN n TYPE bigint USING (n * 2)::bigint;
CREATE MATERIALIZED VIEW mv AS SELECT * FROM t;
-- - CREATE MATERIALIZED VIEW public.mv AS .. t.m
-- - CREATE MATERIALIZED VIEW public.mv AS .. t.n,
-- + CREATE MATERIALIZED VIEW public.mv AS .. t.m,
-- + CREATE MATERIALIZED VIEW public.mv AS .. t.n
