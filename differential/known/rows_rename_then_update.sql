-- difference: rows <- ALTER TABLE RENAME COLUMN TO; UPDATE SET WHERE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
ALTER TABLE t RENAME COLUMN a TO c;
UPDATE t SET c = c + 1 WHERE id > 3;
-- t: 200 rows, wanted 200
