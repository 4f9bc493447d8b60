-- difference: bare error: 42P07 <- DROP VIEW; CREATE VIEW AS SELECT FROM | VIEW
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
CREATE VIEW v AS SELECT id FROM t;
-- revision
DROP VIEW v;
CREATE VIEW v AS SELECT id, a FROM t;
-- 001_change expand-1: relation "v" already exists [42P07]
