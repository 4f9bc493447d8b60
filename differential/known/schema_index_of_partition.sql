-- difference: schema: + ALTER INDEX ATTACH PARTITION / + CREATE INDEX ON USING / - ALTER INDEX ATTACH PARTITION <- CREATE INDEX ON | BY INDEX NOT PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE p (id bigint NOT NULL, n int, title text) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
CREATE INDEX ON p1 (n);
-- revision
CREATE INDEX ON p (n);
-- - ALTER INDEX public.p_n_idx ATTACH PARTITION public.p1_n_idx;
-- + ALTER INDEX public.p_n_idx ATTACH PARTITION public.p1_n_idx1;
-- + CREATE INDEX p1_n_idx1 ON public.p1 USING btree (n);
