-- difference: bare error: 42703 <- ALTER TABLE RENAME COLUMN TO; ALTER TABLE ADD UNIQUE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 3000) g;
-- revision
ALTER TABLE t RENAME COLUMN b TO c;
ALTER TABLE t ADD UNIQUE (c);
-- checking that no two rows of t share (c): column "c" does not exist [42703]
