-- difference: dead end: 2BP01 <- CREATE INDEX ON ONLY; CREATE INDEX ON; ALTER INDEX ATTACH PARTITION; CREATE RULE AS ON UPDATE TO WHERE IS NOT | BY DEFAULT NOT PARTITION RANGE @ back
-- right: as psql
-- status: fixed
-- way: back
-- setup
CREATE TABLE parted (id bigint NOT NULL, qty int DEFAULT 5) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE extra_1 (id bigint NOT NULL, qty int4range, mail point DEFAULT '(3,1)');
INSERT INTO parted (id, qty) SELECT g, g FROM generate_series(1, 3) g;
-- revision
CREATE INDEX "größe_i" ON ONLY parted (qty);
CREATE INDEX ON parted_1 (qty);
ALTER INDEX "größe_i" ATTACH PARTITION parted_1_qty_idx;
CREATE RULE "Mixed Case_r" AS ON UPDATE TO extra_1 WHERE old.mail IS NOT NULL DO INSTEAD NOTHING;
-- rollback: 001_change backfill-1: cannot drop index parted_1_qty_idx because index "größe_i" requires it [2BP01]
