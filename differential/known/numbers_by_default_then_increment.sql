-- difference: rows <- CREATE SEQUENCE START; ALTER TABLE ADD COLUMN DEFAULT; ALTER SEQUENCE INCREMENT
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 3000) g;
-- revision
CREATE SEQUENCE q START 7;
ALTER TABLE t ADD COLUMN n int DEFAULT nextval('q');
ALTER SEQUENCE q INCREMENT 5;
