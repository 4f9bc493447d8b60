-- difference: rows <- ALTER TABLE DROP CONSTRAINT; ALTER TABLE ALTER TYPE; ALTER TABLE ADD CONSTRAINT CHECK | ANALYZE AND CHECK CONSTRAINT
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
ALTER TABLE t ADD CONSTRAINT c1 CHECK (a < 100 AND id > 0);
ANALYZE;
-- revision
ALTER TABLE t DROP CONSTRAINT c1;
ALTER TABLE t ALTER a TYPE bigint;
ALTER TABLE t ADD CONSTRAINT c1 CHECK (a < 100 AND id > 0);
