-- difference: schema: CREATE TABLE.. - DEFAULT <- ALTER TABLE RENAME COLUMN TO | BY COLUMN DEFAULT NOT PARTITION RANGE SET
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE p (id bigint NOT NULL, n int, title text) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
ALTER TABLE p1 ALTER COLUMN n SET DEFAULT 5;
-- revision
ALTER TABLE p RENAME COLUMN n TO m;
-- - CREATE TABLE public.p1 ( .. m integer DEFAULT 5
-- + CREATE TABLE public.p1 ( .. m integer
