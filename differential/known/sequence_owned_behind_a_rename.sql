-- difference: schema: - CREATE SEQUENCE <- ALTER TABLE RENAME COLUMN TO; ALTER SEQUENCE OWNED BY | ANALYZE SEQUENCE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int);
INSERT INTO t SELECT i, i FROM generate_series(1, 300) i;
CREATE SEQUENCE sq;
ANALYZE;
-- revision
ALTER TABLE t RENAME COLUMN a TO aa;
ALTER SEQUENCE sq OWNED BY t.aa;
