-- difference: not down: CREATE TABLE.. - COLLATE <- ALTER TABLE ALTER COLUMN TYPE | COLLATE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (b varchar(20) COLLATE "C");
-- revision
ALTER TABLE t ALTER COLUMN b TYPE varchar(10);
-- - CREATE TABLE public.t ( .. b character varying(20) COLLATE pg_catalog."C"
-- + CREATE TABLE public.t ( .. b character varying(20)
