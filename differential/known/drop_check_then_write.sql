-- difference: bare error: 23514 <- ALTER TABLE DROP CONSTRAINT; UPDATE SET WHERE | CHECK CONSTRAINT
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
ALTER TABLE t ADD CONSTRAINT k CHECK (a >= 0);
-- revision
ALTER TABLE t DROP CONSTRAINT k;
UPDATE t SET a = -1 WHERE id = 3;
-- backfill-1: backfill of t, blocks 0 to 2: new row for relation "t" violates check constraint "k" (Failing row contains (3, -1, v3).) [23514]
