-- difference: rows <- DROP TABLE | ANALYZE BY FOREIGN NOT PARTITION RANGE REFERENCES
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE main (id bigserial PRIMARY KEY);
CREATE TABLE parted (id bigint NOT NULL, n int) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
INSERT INTO main SELECT generate_series(1, 50);
INSERT INTO parted SELECT i, i FROM generate_series(1, 50) i;
ALTER TABLE parted ADD FOREIGN KEY (id) REFERENCES main (id);
ANALYZE;
-- revision
DROP TABLE parted_1;
