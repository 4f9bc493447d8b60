-- difference: not rolled back: + COMMENT ON FUNCTION IS <- COMMENT ON FUNCTION IS; ALTER TABLE RENAME COLUMN TO | FUNCTION RETURNS @ back
-- right: as psql
-- status: fixed
-- way: back
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
-- revision
COMMENT ON FUNCTION f() IS 'computes';
ALTER TABLE t RENAME COLUMN a TO cc;
-- + COMMENT ON FUNCTION public.f() IS 'computes';
