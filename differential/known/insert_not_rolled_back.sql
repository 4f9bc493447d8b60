-- difference: not rolled back <- INSERT INTO VALUES; ALTER TABLE DROP COLUMN @ back
-- right: as psql
-- status: fixed
-- way: back
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
INSERT INTO t (id, a) VALUES (5000, 1);
ALTER TABLE t DROP COLUMN b;
-- t: 201 rows, wanted 200
