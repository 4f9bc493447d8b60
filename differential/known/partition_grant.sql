-- difference: schema: - GRANT ON TABLE TO <- ALTER TABLE RENAME COLUMN TO | BY GRANT NOT PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE p (id bigint NOT NULL, n int, title text) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
INSERT INTO p SELECT g, g, 'x' FROM generate_series(1, 200) g;
GRANT SELECT (n) ON p1 TO app;
-- revision
ALTER TABLE p RENAME COLUMN n TO m;
-- - GRANT SELECT(m) ON TABLE public.p1 TO app;
