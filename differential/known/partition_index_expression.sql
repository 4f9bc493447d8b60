-- difference: schema: - CREATE INDEX ON USING <- ALTER TABLE RENAME COLUMN TO | BY INDEX NOT PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE p (id bigint NOT NULL, n int, title text) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
INSERT INTO p SELECT g, g, 'x' FROM generate_series(1, 200) g;
CREATE INDEX i ON p1 ((n + 1));
-- revision
ALTER TABLE p RENAME COLUMN n TO m;
-- - CREATE INDEX i ON public.p1 USING btree (((m + 1)));
