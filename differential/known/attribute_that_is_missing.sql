-- difference: dead end: 42703 <- UPDATE SET; ALTER TYPE RENAME ATTRIBUTE TO | TYPE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
CREATE TYPE c AS (x int);
-- revision
UPDATE t SET a = 3;
ALTER TYPE c RENAME ATTRIBUTE nope TO other;
