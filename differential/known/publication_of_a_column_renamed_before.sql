-- difference: rows <- ALTER TABLE RENAME COLUMN TO; ALTER PUBLICATION ADD TABLE | ANALYZE PUBLICATION
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
CREATE PUBLICATION pb FOR TABLE p;
ANALYZE;
-- revision
ALTER TABLE t RENAME COLUMN a TO aa;
ALTER PUBLICATION pb ADD TABLE t (id, aa);
