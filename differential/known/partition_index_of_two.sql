-- difference: schema: + ALTER INDEX ATTACH PARTITION / - ALTER INDEX ATTACH PARTITION <- CREATE INDEX ON | BY NOT PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE parted (id bigint NOT NULL, n int) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (100000);
-- revision
CREATE INDEX mail_i ON parted_2 (n);
CREATE INDEX ON parted (n);
CREATE INDEX ON parted_2 (n);
-- - ALTER INDEX public.parted_n_idx ATTACH PARTITION public.mail_i;
-- + ALTER INDEX public.parted_n_idx ATTACH PARTITION public.parted_2_n_idx;
