-- difference: half way: 42703 <- UPDATE SET; CREATE SEQUENCE OWNED BY
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
UPDATE t SET a = 3;
CREATE SEQUENCE s OWNED BY t.nope;
