-- difference: dead end: 0A000 <- INSERT INTO SELECT FROM WITH
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE k (id int PRIMARY KEY, amount int);
CREATE TABLE t (id int PRIMARY KEY, amount int);
INSERT INTO t SELECT g, g FROM generate_series(1,300) g;
-- revision
INSERT INTO k SELECT * FROM (WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d) x;
