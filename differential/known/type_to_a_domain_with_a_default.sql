-- difference: rows <- ALTER TABLE ALTER TYPE | ANALYZE CHECK DEFAULT DOMAIN
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
CREATE DOMAIN posint AS int DEFAULT 7 CHECK (value >= 0);
ANALYZE;
-- revision
ALTER TABLE t ALTER a TYPE posint;
