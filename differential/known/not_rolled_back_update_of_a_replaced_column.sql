-- difference: not rolled back <- UPDATE SET WHERE; ALTER TABLE DROP COLUMN ADD COLUMN @ back
-- right: as psql
-- status: fixed
-- way: back
-- setup
CREATE TABLE t (id int PRIMARY KEY, n int, o int);
INSERT INTO t SELECT g, g, g FROM generate_series(1,20) g;
-- revision
UPDATE t SET o = 13 WHERE o = 3;
ALTER TABLE t DROP COLUMN o, ADD COLUMN o text;
-- t: 20 rows, wanted 20
