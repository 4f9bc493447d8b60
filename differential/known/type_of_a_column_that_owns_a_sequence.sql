-- difference: schema: - CREATE SEQUENCE <- ALTER TABLE ALTER COLUMN TYPE | ANALYZE BY OWNED SEQUENCE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int);
INSERT INTO t SELECT i, i FROM generate_series(1, 300) i;
CREATE SEQUENCE sq OWNED BY t.a;
ANALYZE;
-- revision
ALTER TABLE t ALTER COLUMN a TYPE bigint;
