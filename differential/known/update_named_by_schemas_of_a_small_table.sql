-- difference: rows <- UPDATE SET FROM WHERE | ANALYZE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE o (id int PRIMARY KEY, v int);
INSERT INTO o SELECT i, i * 3 FROM generate_series(1, 7) i;
CREATE TABLE t (id int PRIMARY KEY, a int, b int);
INSERT INTO t SELECT i, i % 7, NULL FROM generate_series(1, 500) i;
ANALYZE;
-- revision
UPDATE public.t SET b = public.o.v FROM public.o WHERE public.o.id = public.t.a;
