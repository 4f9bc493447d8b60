-- difference: schema <- ALTER TABLE ALTER TYPE | ANALYZE INDEX SET UPDATE WHERE
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
CREATE INDEX left_i ON t (a);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'left_i'::regclass;
ANALYZE;
-- revision
ALTER TABLE t ALTER b TYPE text;
