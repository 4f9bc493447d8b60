-- difference: refused: C105 <- TRUNCATE; INSERT INTO VALUES
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
TRUNCATE t;
INSERT INTO t (id, a, b) VALUES (1, 2, 'x');
