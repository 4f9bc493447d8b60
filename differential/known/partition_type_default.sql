-- difference: schema: CREATE TABLE.. - DEFAULT <- ALTER TABLE ALTER COLUMN TYPE | BY COLUMN DEFAULT NOT PARTITION RANGE SET
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE p (id bigint NOT NULL, n int, title text) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
INSERT INTO p SELECT g, g, 'x' FROM generate_series(1, 200) g;
ALTER TABLE p1 ALTER COLUMN n SET DEFAULT 5;
-- revision
ALTER TABLE p ALTER COLUMN n TYPE bigint;
-- - CREATE TABLE public.p1 ( .. n bigint DEFAULT 5
-- + CREATE TABLE public.p1 ( .. n bigint
