-- difference: rows <- ALTER TABLE ADD COLUMN ADD COLUMN ADD COLUMN ADD; UPDATE SET WHERE IS NULL | ANALYZE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, e text);
INSERT INTO t SELECT g, 'v' || g FROM generate_series(1, 40) g;
ANALYZE t;
-- revision
ALTER TABLE t ADD COLUMN a int, ADD COLUMN b int, ADD COLUMN c int, ADD COLUMN d text;
UPDATE t SET a = 1, b = 2 WHERE a IS NULL;
UPDATE t SET c = 3, d = e WHERE c IS NULL;
