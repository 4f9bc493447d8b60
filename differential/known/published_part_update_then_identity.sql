-- difference: half way: 55000 <- UPDATE SET WHERE; ALTER TABLE REPLICA IDENTITY NOTHING
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE p (id bigint NOT NULL, n int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
INSERT INTO p SELECT g, g FROM generate_series(1, 30) g;
CREATE PUBLICATION status_pub FOR TABLE p;
-- revision
UPDATE p SET n = n * 2 WHERE id > 3;
ALTER TABLE p1 REPLICA IDENTITY NOTHING;
