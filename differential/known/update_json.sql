-- difference: bare error: 42883 <- UPDATE SET
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, j json);
INSERT INTO t SELECT g, '{}' FROM generate_series(1, 200) g;
-- revision
UPDATE t SET j = '{"a":1}';
-- backfill-1: backfill of t, blocks 0 to 1: operator does not exist: json = unknown [42883]
