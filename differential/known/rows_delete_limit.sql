-- difference: rows <- DELETE FROM WHERE IN SELECT FROM ORDER BY LIMIT
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
DELETE FROM t WHERE id IN (SELECT id FROM t ORDER BY id LIMIT 33);
-- t: 2 rows, wanted 167
