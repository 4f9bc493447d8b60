-- difference: schema: CREATE TABLE.. + NOT NULL <- ALTER TABLE ALTER COLUMN SET NOT NULL; ALTER TABLE ALTER COLUMN DROP NOT NULL
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
ALTER TABLE t ALTER COLUMN a SET NOT NULL;
ALTER TABLE t ALTER COLUMN a DROP NOT NULL;
-- - CREATE TABLE public.t ( .. a integer
-- + CREATE TABLE public.t ( .. a integer NOT NULL
