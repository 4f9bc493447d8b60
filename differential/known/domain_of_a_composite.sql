-- difference: dead end: 2BP01 <- UPDATE SET; DROP DOMAIN | DOMAIN TYPE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
CREATE DOMAIN d AS int;
CREATE TYPE c AS (x d);
-- revision
UPDATE t SET a = 3;
DROP DOMAIN d;
