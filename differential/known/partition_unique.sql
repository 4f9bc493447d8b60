-- difference: schema: - ALTER TABLE ONLY / - ALTER TABLE ONLY ADD <- ALTER TABLE RENAME COLUMN TO | BY CONSTRAINT NOT PARTITION RANGE UNIQUE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE p (id bigint NOT NULL, n int, title text) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
INSERT INTO p SELECT g, g, 'x' FROM generate_series(1, 200) g;
ALTER TABLE p1 ADD CONSTRAINT k UNIQUE (n);
-- revision
ALTER TABLE p RENAME COLUMN n TO m;
-- - ALTER TABLE ONLY public.p1
-- - ALTER TABLE ONLY public.p1 .. ADD CONSTRAINT k UNIQUE (m);
