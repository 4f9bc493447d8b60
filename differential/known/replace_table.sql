-- difference: bare error: 42P07 <- DROP TABLE; CREATE TABLE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
DROP TABLE t;
CREATE TABLE t (id bigint PRIMARY KEY);
-- 001_change expand-1: relation "t" already exists [42P07]
