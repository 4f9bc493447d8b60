-- difference: rows <- DELETE FROM WHERE SELECT FROM
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
DELETE FROM t WHERE a < (SELECT avg(a) FROM t);
-- t: 28 rows, wanted 114
