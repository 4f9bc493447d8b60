-- difference: not down: - ALTER INDEX ATTACH PARTITION / - CREATE INDEX ON USING <- DROP INDEX | BY INDEX NOT PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE p (id bigint NOT NULL, n int, title text) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
INSERT INTO p SELECT g, g, 'x' FROM generate_series(1, 200) g;
CREATE INDEX i ON p (n);
-- revision
DROP INDEX i;
-- - ALTER INDEX public.i ATTACH PARTITION public.p1_n_idx;
-- - CREATE INDEX p1_n_idx ON public.p1 USING btree (n);
