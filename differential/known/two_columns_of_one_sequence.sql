-- difference: rows <- CREATE SEQUENCE; ALTER TABLE ADD COLUMN DEFAULT
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 3000) g;
-- revision
CREATE SEQUENCE q;
ALTER TABLE t ADD COLUMN n int DEFAULT nextval('q');
ALTER TABLE t ADD COLUMN m int DEFAULT nextval('q');
