-- difference: rows <- UPDATE SET WHERE; ALTER TABLE RENAME TO
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
UPDATE t SET a = 5 WHERE id > 3;
ALTER TABLE t RENAME TO u;
-- u: 200 rows, wanted 200
