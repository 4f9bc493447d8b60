-- difference: rows <- ALTER TABLE ALTER TYPE | ANALYZE CHECK CONSTRAINT NOT VALID
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
ALTER TABLE t ADD CONSTRAINT c1 CHECK (a < 3) NOT VALID;
ANALYZE;
-- revision
ALTER TABLE t ALTER id TYPE bigint;
