-- difference: rows <- UPDATE SET | ANALYZE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a text);
INSERT INTO t SELECT i, i FROM generate_series(1, 300) i;
ANALYZE;
-- revision
UPDATE t SET a = ctid::text;
