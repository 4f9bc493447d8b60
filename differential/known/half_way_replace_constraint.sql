-- difference: bare error: 42710 <- ALTER TABLE DROP CONSTRAINT; ALTER TABLE ADD CONSTRAINT CHECK | CHECK CONSTRAINT
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
ALTER TABLE t ADD CONSTRAINT k CHECK (a >= 0);
-- revision
ALTER TABLE t DROP CONSTRAINT k;
ALTER TABLE t ADD CONSTRAINT k CHECK (a >= -1);
-- 001_change backfill-1: constraint "k" for relation "t" already exists [42710]
