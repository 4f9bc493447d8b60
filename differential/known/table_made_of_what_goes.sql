-- difference: refused: C105 <- CREATE TABLE AS SELECT FROM; DROP TABLE
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
CREATE TABLE x AS SELECT * FROM t;
DROP TABLE t;
