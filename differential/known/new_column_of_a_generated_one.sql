-- difference: half way: 42P17 <- ALTER TABLE ADD COLUMN; UPDATE SET; ALTER TABLE ALTER COLUMN TYPE USING | ALWAYS ANALYZE GENERATED STORED
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, n int, a text, twice int GENERATED ALWAYS AS (n * 2) STORED);
INSERT INTO t SELECT g, g, g FROM generate_series(1, 300) g;
ANALYZE t;
-- revision
ALTER TABLE t ADD COLUMN total int;
UPDATE t SET total = twice + 1;
ALTER TABLE t ALTER COLUMN a TYPE int USING length(a) + twice;
