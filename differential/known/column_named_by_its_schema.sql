-- difference: half way: 42P01 <- UPDATE SET WHERE IS NULL | ANALYZE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, s text, pad text);
INSERT INTO t SELECT i, i % 50, CASE WHEN i % 7 = 0 THEN NULL ELSE i % 13 END, 'r' || i, repeat('x', 400) FROM generate_series(1, 3500) i;
ANALYZE;
-- revision
UPDATE public.t SET b = public.t.a + 1 WHERE public.t.b IS NULL;
