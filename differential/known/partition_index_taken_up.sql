-- difference: schema: + ALTER INDEX ATTACH PARTITION / + CREATE INDEX ON USING / - ALTER INDEX ATTACH PARTITION <- CREATE INDEX ON | BY COLLATE COLLATION EXTENSION INDEX NOT PARTITION RANGE STATISTICS
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE EXTENSION citext;
CREATE TABLE main (id bigserial PRIMARY KEY, email citext, handle text COLLATE nocase, seen timestamptz);
CREATE TABLE parted (id bigint NOT NULL, qty int) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (100000);
INSERT INTO main (email, handle, seen) SELECT (CASE g % 4 WHEN 0 THEN 'bob' WHEN 1 THEN 'bob' WHEN 2 THEN 'bob' ELSE NULL END)::citext, repeat('wide ', 800) || g, (CASE g % 4 WHEN 0 THEN '2020-03-21 10:00' WHEN 1 THEN '2020-03-12 10:00' WHEN 2 THEN '2020-03-08 10:00' ELSE NULL END)::timestamp with time zone FROM generate_series(1, 3) g;
INSERT INTO parted (id, qty) SELECT g, (CASE g % 4 WHEN 0 THEN 6 WHEN 1 THEN 18 WHEN 2 THEN 3 ELSE NULL END)::integer FROM generate_series(1, 3) g;
CREATE INDEX "a""b_i" ON parted (qty);
CREATE STATISTICS "größe_x" ON email, handle FROM main;
-- revision
CREATE INDEX ON parted_2 (qty);
CREATE INDEX ON parted (qty);
-- - ALTER INDEX public.parted_qty_idx ATTACH PARTITION public.parted_2_qty_idx1;
-- + ALTER INDEX public.parted_qty_idx ATTACH PARTITION public.parted_2_qty_idx2;
-- + CREATE INDEX parted_2_qty_idx2 ON public.parted_2 USING btree (qty);
