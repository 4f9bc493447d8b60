-- difference: schema: + ALTER INDEX ATTACH PARTITION / + CREATE INDEX ON USING / - ALTER INDEX ATTACH PARTITION / - CREATE INDEX ON USING <- CREATE INDEX ON; ALTER TABLE ALTER COLUMN TYPE | BY NOT PARTITION RANGE
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE parted (id bigint NOT NULL, qty int) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
INSERT INTO parted SELECT g, g FROM generate_series(1, 30) g;
-- revision
CREATE INDEX team_id_i ON parted_1 (qty);
CREATE INDEX ON parted (qty);
ALTER TABLE parted ALTER COLUMN qty TYPE integer;
-- - ALTER INDEX public.parted_qty_idx ATTACH PARTITION public.parted_1_qty_idx;
-- - CREATE INDEX parted_1_qty_idx ON public.parted_1 USING btree (qty);
-- + ALTER INDEX public.parted_qty_idx ATTACH PARTITION public.team_id_i;
-- + CREATE INDEX team_id_i ON public.parted_1 USING btree (qty);
