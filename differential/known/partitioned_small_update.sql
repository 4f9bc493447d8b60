-- difference: refused: C108 <- UPDATE SET CASE WHEN IS NULL THEN ELSE END | BY PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE p (id int, n int, b text) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (300);
INSERT INTO p SELECT g, g, 'x' FROM generate_series(1, 150) g;
-- revision
UPDATE p SET b = CASE WHEN b IS NULL THEN 'x' ELSE b || 'y' END;
