-- difference: rows <- DELETE FROM WHERE; CREATE TABLE AS SELECT AS FROM | FUNCTION RETURNS STABLE WHERE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE o (id int PRIMARY KEY);
INSERT INTO o SELECT g FROM generate_series(1, 600) g;
CREATE TABLE a (id int PRIMARY KEY);
INSERT INTO a SELECT g FROM generate_series(1, 600) g;
CREATE FUNCTION f(i int) RETURNS int LANGUAGE sql STABLE AS 'SELECT count(*)::int FROM o WHERE id = i';
-- revision
DELETE FROM o WHERE id <= 300;
CREATE TABLE c AS SELECT id, f(id) AS n FROM a;
