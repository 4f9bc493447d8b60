-- difference: rows <- UPDATE SET | ALWAYS ANALYZE GENERATED STORED
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, n int, twice int GENERATED ALWAYS AS (n * 2) STORED);
INSERT INTO t SELECT g, g FROM generate_series(1, 300) g;
ANALYZE t;
-- revision
UPDATE t SET n = twice;
