-- difference: schema: CREATE TABLE.. - NOT NULL <- ALTER TABLE ADD COLUMN GENERATED ALWAYS AS STORED NOT
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (a int);
-- revision
ALTER TABLE t ADD COLUMN g int GENERATED ALWAYS AS (a * 2) STORED NOT NULL;
-- - CREATE TABLE public.t ( .. g integer GENERATED ALWAYS AS ((a * 2)) STORED NOT NULL
-- + CREATE TABLE public.t ( .. g integer GENERATED ALWAYS AS ((a * 2)) STORED
