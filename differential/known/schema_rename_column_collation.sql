-- difference: schema: CREATE TABLE.. - COLLATE <- ALTER TABLE RENAME COLUMN TO | COLLATE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (b text COLLATE "C");
-- revision
ALTER TABLE t RENAME COLUMN b TO z;
-- - CREATE TABLE public.t ( .. z text COLLATE pg_catalog."C"
-- + CREATE TABLE public.t ( .. z text
