-- difference: rows <- ALTER TABLE ALTER SET DEFAULT; UPDATE SET DEFAULT WHERE; ALTER TABLE ALTER SET DEFAULT; UPDATE SET DEFAULT WHERE | ANALYZE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
ANALYZE;
-- revision
ALTER TABLE t ALTER b SET DEFAULT 3;
UPDATE t SET b = DEFAULT WHERE a = 1;
ALTER TABLE t ALTER b SET DEFAULT 4;
UPDATE t SET b = DEFAULT WHERE a = 2;
