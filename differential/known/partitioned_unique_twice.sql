-- difference: dead end: 55000 <- ALTER TABLE ADD UNIQUE | BY PARTITION RANGE
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE p (id int, n int, b text) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (300);
INSERT INTO p SELECT g, g, 'x' FROM generate_series(1, 150) g;
-- revision
ALTER TABLE p ADD UNIQUE (id);
ALTER TABLE p ADD UNIQUE (id);
