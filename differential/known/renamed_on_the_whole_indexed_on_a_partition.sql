-- difference: false refusal: C102 <- CREATE STATISTICS ON FROM; ALTER TABLE RENAME COLUMN TO; CREATE INDEX ON | BY PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE p (id bigint, q int, title text) PARTITION BY RANGE (id); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100); INSERT INTO p SELECT g, g FROM generate_series(1,20) g;
-- revision
CREATE STATISTICS s ON title, id FROM p;
ALTER TABLE p RENAME COLUMN title TO price;
CREATE INDEX leads_i ON p1 (price);
CREATE INDEX ON p (price);
