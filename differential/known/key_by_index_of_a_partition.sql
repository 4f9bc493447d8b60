-- difference: not down: CREATE TABLE.. + NOT NULL <- CREATE UNIQUE INDEX ON; ALTER TABLE ADD PRIMARY KEY USING INDEX | BY NOT PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE a (id bigint NOT NULL, qty int) PARTITION BY RANGE (id);
CREATE TABLE parted_2 PARTITION OF a FOR VALUES FROM (100) TO (100000);
-- revision
CREATE UNIQUE INDEX ON parted_2 (qty);
ALTER TABLE parted_2 ADD PRIMARY KEY USING INDEX parted_2_qty_idx;
-- - CREATE TABLE public.parted_2 ( .. qty integer
-- + CREATE TABLE public.parted_2 ( .. qty integer NOT NULL
