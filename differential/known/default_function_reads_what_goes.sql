-- difference: rows <- DELETE FROM WHERE; ALTER TABLE ADD COLUMN DEFAULT | FUNCTION RETURNS STABLE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE o (id int PRIMARY KEY, n int);
CREATE TABLE a (id int PRIMARY KEY);
INSERT INTO o SELECT g, g FROM generate_series(1, 300) g;
INSERT INTO a SELECT g FROM generate_series(1, 9) g;
CREATE FUNCTION total() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM o';
-- revision
DELETE FROM o WHERE n < 100;
ALTER TABLE a ADD COLUMN c bigint DEFAULT total();
