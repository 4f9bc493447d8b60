-- difference: schema: - CREATE TABLE <- DO BEGIN ALTER TABLE DROP COLUMN END; ALTER TABLE ADD COLUMN IF NOT EXISTS
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
DO $$ BEGIN ALTER TABLE t DROP COLUMN b; END $$;
ALTER TABLE t ADD COLUMN IF NOT EXISTS b int;
-- - CREATE TABLE public.t ( .. b integer
