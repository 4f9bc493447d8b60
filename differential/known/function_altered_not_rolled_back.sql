-- difference: not rolled back: CREATE FUNCTION.. + SECURITY DEFINER <- ALTER FUNCTION SECURITY DEFINER; ALTER TABLE DROP COLUMN | FUNCTION RETURNS @ back
-- right: as psql
-- status: fixed
-- way: back
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
-- revision
ALTER FUNCTION f() SECURITY DEFINER;
ALTER TABLE t DROP COLUMN b;
-- - CREATE FUNCTION public.f() RETURNS integer .. LANGUAGE sql
-- + CREATE FUNCTION public.f() RETURNS integer .. LANGUAGE sql SECURITY DEFINER
