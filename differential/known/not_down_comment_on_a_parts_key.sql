-- difference: not down: - COMMENT ON INDEX IS <- ALTER TABLE DROP CONSTRAINT | BY COMMENT INDEX IS NOT PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE parted (id bigint NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
ALTER TABLE parted ADD PRIMARY KEY (id);
COMMENT ON INDEX parted_1_pkey IS 'an index';
-- revision
ALTER TABLE parted DROP CONSTRAINT parted_pkey;
-- - COMMENT ON INDEX public.parted_1_pkey IS 'an index';
