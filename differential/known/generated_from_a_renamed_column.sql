-- difference: dead end: 2BP01 <- ALTER TABLE RENAME COLUMN TO; ALTER TABLE ADD COLUMN GENERATED ALWAYS AS STORED
-- right: as psql
-- status: fixed
-- way: beside
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t SELECT g, g, 'X' || g FROM generate_series(1, 50) g;
-- revision
ALTER TABLE t RENAME COLUMN b TO c;
ALTER TABLE t ADD COLUMN low text GENERATED ALWAYS AS (lower(c)) STORED;
