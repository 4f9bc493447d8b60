-- difference: schema: - CREATE SEQUENCE <- ALTER TABLE ALTER COLUMN TYPE | ANALYZE BY COLUMN DEFAULT OWNED SEQUENCE SET
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int);
INSERT INTO t SELECT i, i FROM generate_series(1, 300) i;
CREATE SEQUENCE sq OWNED BY t.a;
CREATE SEQUENCE "Sq 2" OWNED BY t.a;
ALTER TABLE t ALTER COLUMN a SET DEFAULT nextval('sq');
ANALYZE;
-- revision
ALTER TABLE t ALTER COLUMN a TYPE bigint;
