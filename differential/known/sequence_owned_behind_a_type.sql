-- difference: schema: - CREATE SEQUENCE <- ALTER TABLE ALTER COLUMN TYPE; ALTER SEQUENCE OWNED BY | ANALYZE SEQUENCE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int);
INSERT INTO t SELECT i, i FROM generate_series(1, 300) i;
CREATE SEQUENCE sq;
ANALYZE;
-- revision
ALTER TABLE t ALTER COLUMN a TYPE bigint;
ALTER SEQUENCE sq OWNED BY t.a;
