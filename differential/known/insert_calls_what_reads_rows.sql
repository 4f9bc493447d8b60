-- difference: rows <- DELETE FROM WHERE; INSERT INTO VALUES; DELETE FROM WHERE; INSERT INTO VALUES | DEFAULT FUNCTION RETURNS STABLE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE o (id int PRIMARY KEY, n int);
CREATE FUNCTION total() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM o';
CREATE TABLE a (id int PRIMARY KEY, c bigint DEFAULT total());
INSERT INTO o SELECT g, g FROM generate_series(1, 300) g;
-- revision
DELETE FROM o WHERE n < 100;
INSERT INTO a (id, c) VALUES (1, total());
DELETE FROM o WHERE n < 200;
INSERT INTO a (id) VALUES (2);
