-- difference: schema: - CREATE TABLE CONSTRAINT CHECK <- ALTER TABLE RENAME COLUMN TO | BY CHECK CONSTRAINT NOT PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE p (id bigint NOT NULL, n int, title text) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
INSERT INTO p SELECT g, g, 'x' FROM generate_series(1, 200) g;
ALTER TABLE p1 ADD CONSTRAINT k CHECK (n >= 0);
-- revision
ALTER TABLE p RENAME COLUMN n TO m;
-- - CREATE TABLE public.p1 ( .. CONSTRAINT k CHECK ((m >= 0))
