-- difference: refused: C105 <- UPDATE SET WHERE; ALTER DOMAIN ADD CONSTRAINT CHECK VALUE | DOMAIN
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE DOMAIN d AS int;
CREATE TABLE t (id int PRIMARY KEY, a d);
INSERT INTO t SELECT g, g % 7 FROM generate_series(1, 200) g;
-- revision
UPDATE t SET a = 1 WHERE a > 2;
ALTER DOMAIN d ADD CONSTRAINT c CHECK (VALUE < 3);
