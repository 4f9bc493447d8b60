-- difference: schema: - COMMENT ON COLUMN IS <- ALTER TABLE RENAME COLUMN TO | BY COLUMN COMMENT IS NOT PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE p (id bigint NOT NULL, n int, title text) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
INSERT INTO p SELECT g, g, 'x' FROM generate_series(1, 200) g;
COMMENT ON COLUMN p1.n IS 'x';
-- revision
ALTER TABLE p RENAME COLUMN n TO m;
-- - COMMENT ON COLUMN public.p1.m IS 'x';
