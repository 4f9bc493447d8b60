-- difference: panic <- ALTER TABLE INHERIT
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t SELECT g, g, 'X' || g FROM generate_series(1, 50) g;
CREATE TABLE k () INHERITS (t);
-- revision
ALTER TABLE t INHERIT k;
