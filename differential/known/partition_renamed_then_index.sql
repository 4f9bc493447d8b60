-- difference: schema: + INVALID PARTITIONED INDEX ON / - ALTER INDEX ATTACH PARTITION <- ALTER TABLE RENAME TO; CREATE INDEX ON | BY INDEX NOT PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE parted (id bigint NOT NULL, n int) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
INSERT INTO parted (id, n) SELECT g, g FROM generate_series(1, 20) g;
CREATE INDEX own_i ON parted_1 (n);
-- revision
ALTER TABLE parted_1 RENAME TO other;
CREATE INDEX ON parted (n);
