-- difference: schema: CREATE TABLE.. - DEFAULT <- ALTER TABLE ADD COLUMN; UPDATE SET; ALTER TABLE ALTER COLUMN SET NOT NULL; ALTER TABLE ALTER COLUMN SET DEFAULT
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
ALTER TABLE t ADD COLUMN c int;
UPDATE t SET c = 7;
ALTER TABLE t ALTER COLUMN c SET NOT NULL;
ALTER TABLE t ALTER COLUMN c SET DEFAULT 8;
-- - CREATE TABLE public.t ( .. c integer DEFAULT 8 NOT NULL
-- + CREATE TABLE public.t ( .. c integer NOT NULL
