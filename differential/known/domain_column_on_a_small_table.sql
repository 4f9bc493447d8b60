-- difference: refused: C105 <- ALTER TABLE ADD COLUMN DEFAULT; UPDATE SET | CHECK DOMAIN IS NOT
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE DOMAIN w AS text CHECK (length(VALUE) < 9);
CREATE DOMAIN nn AS int CHECK (VALUE IS NOT NULL);
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
ALTER TABLE t ADD COLUMN m w DEFAULT 'x';
UPDATE t SET m = b;
