-- difference: dead end: 2BP01 <- ALTER TABLE ALTER COLUMN DROP DEFAULT; DROP SEQUENCE; ALTER TABLE ALTER COLUMN TYPE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id serial PRIMARY KEY, a int);
INSERT INTO t (a) SELECT g FROM generate_series(1, 50) g;
-- revision
ALTER TABLE t ALTER COLUMN id DROP DEFAULT;
DROP SEQUENCE t_id_seq;
ALTER TABLE t ALTER COLUMN id TYPE bigint;
