-- difference: rows <- ALTER TABLE ADD; UPDATE SET; INSERT INTO VALUES | ANALYZE BY DEFAULT IN LIST PARTITION
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE p (id int, a int, pad text) PARTITION BY LIST (a);
CREATE TABLE p0 PARTITION OF p FOR VALUES IN (0);
CREATE TABLE p1 PARTITION OF p DEFAULT;
INSERT INTO p SELECT i, i % 3, repeat('x', 500) FROM generate_series(1, 2000) i;
ALTER TABLE p ADD PRIMARY KEY (id, a);
ANALYZE;
-- revision
ALTER TABLE p ADD d int;
UPDATE p SET d = id;
INSERT INTO p0 (id, a) VALUES (9000, 0);
