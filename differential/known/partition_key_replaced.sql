-- difference: schema: + ALTER INDEX ATTACH PARTITION / - ALTER INDEX ATTACH PARTITION / ALTER TABLE.. <- ALTER TABLE DROP CONSTRAINT; ALTER TABLE ADD CONSTRAINT PRIMARY KEY | BY NOT PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE parted (id bigint NOT NULL, n int) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
ALTER TABLE parted ADD PRIMARY KEY (id);
INSERT INTO parted SELECT g, g FROM generate_series(1, 20) g;
-- revision
ALTER TABLE parted DROP CONSTRAINT parted_pkey;
ALTER TABLE parted ADD CONSTRAINT parted_pkey PRIMARY KEY (id);
-- - ALTER INDEX public.parted_pkey ATTACH PARTITION public.parted_1_pkey;
-- - ALTER TABLE ONLY public.parted_1 .. ADD CONSTRAINT parted_1_pkey PRIMARY KEY (id);
-- + ALTER INDEX public.parted_pkey ATTACH PARTITION public.parted_1_pkey1;
-- + ALTER TABLE ONLY public.parted_1 .. ADD CONSTRAINT parted_1_pkey1 PRIMARY KEY (id);
