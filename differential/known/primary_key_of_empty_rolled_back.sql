-- difference: not rolled back: + ORDER / CREATE TABLE.. + NOT NULL <- DROP MATERIALIZED VIEW; ALTER TABLE ADD PRIMARY KEY | BY MATERIALIZED NOT PARTITION RANGE VIEW @ back
-- right: as psql
-- status: fixed
-- way: back
-- setup
CREATE TABLE journal (what text, of text);
CREATE TABLE parted (id bigint NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
INSERT INTO parted (id) SELECT g FROM generate_series(1, 1) g;
CREATE MATERIALIZED VIEW done_m AS SELECT * FROM parted;
-- revision
DROP MATERIALIZED VIEW done_m;
ALTER TABLE journal ADD PRIMARY KEY (of);
-- - CREATE TABLE public.journal ( .. of text
-- + CREATE TABLE public.journal ( .. of text NOT NULL
-- + ORDER of columns of public.journal
