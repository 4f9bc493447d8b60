-- difference: rows <- ALTER TABLE ADD; UPDATE ONLY SET | ANALYZE INHERITS
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE par (id int PRIMARY KEY, a int);
CREATE TABLE ch (c int) INHERITS (par);
INSERT INTO par SELECT i, i FROM generate_series(1, 100) i;
INSERT INTO ch SELECT i, i, i FROM generate_series(101, 200) i;
ANALYZE;
-- revision
ALTER TABLE par ADD d int;
UPDATE ONLY par SET d = 5;
