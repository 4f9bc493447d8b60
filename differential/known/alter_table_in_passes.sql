-- difference: schema: CREATE TABLE.. - DEFAULT <- ALTER TABLE ALTER COLUMN DROP DEFAULT ALTER COLUMN SET | BY NOT PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE parted (id bigint NOT NULL, n int) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
INSERT INTO parted (id, n) SELECT g, (CASE g % 4 WHEN 0 THEN 2 WHEN 1 THEN 2 WHEN 2 THEN 10 ELSE NULL END)::integer FROM generate_series(1, 3) g;
-- revision
ALTER TABLE parted ALTER COLUMN n DROP DEFAULT, ALTER COLUMN n SET DEFAULT 10, ALTER COLUMN n DROP DEFAULT;
-- - CREATE TABLE public.parted ( .. n integer DEFAULT 10
-- - CREATE TABLE public.parted_1 ( .. n integer DEFAULT 10
-- + CREATE TABLE public.parted ( .. n integer
-- + CREATE TABLE public.parted_1 ( .. n integer
