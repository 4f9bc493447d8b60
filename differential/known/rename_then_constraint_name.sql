-- difference: dead end: 42704 <- ALTER TABLE RENAME COLUMN TO; ALTER TABLE RENAME CONSTRAINT TO | CHECK CONSTRAINT IS NOT
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 3000) g;
ALTER TABLE t ADD CONSTRAINT k CHECK (b IS NOT NULL);
-- revision
ALTER TABLE t RENAME COLUMN b TO c;
ALTER TABLE t RENAME CONSTRAINT k TO l;
-- contract: 001_change contract-1: constraint "k" of relation "t" does not exist [42704]
