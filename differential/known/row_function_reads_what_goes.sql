-- difference: rows <- DELETE FROM WHERE; ALTER TABLE ADD COLUMN; UPDATE SET | BEGIN FUNCTION RETURN RETURNS STABLE WHERE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE o (id int PRIMARY KEY, u int, n int);
CREATE TABLE a (id int PRIMARY KEY, v text);
INSERT INTO o SELECT g, g % 9, g FROM generate_series(1, 300) g;
INSERT INTO a SELECT g, 'v' || g FROM generate_series(1, 9) g;
CREATE FUNCTION own(i int) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM o WHERE u = i';
CREATE FUNCTION twice(i int) RETURNS bigint LANGUAGE plpgsql STABLE AS 'BEGIN RETURN own(i) * 2; END';
-- revision
DELETE FROM o WHERE n < 100;
ALTER TABLE a ADD COLUMN c bigint;
UPDATE a SET c = twice(id);
