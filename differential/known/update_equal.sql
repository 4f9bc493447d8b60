-- difference: rows <- UPDATE SET
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a numeric, b numeric);
INSERT INTO t SELECT g, 1.5, 1.50 FROM generate_series(1, 200) g;
-- revision
UPDATE t SET a = b;
-- t: 200 rows, wanted 200
