-- difference: dead end: 2BP01 <- ALTER TABLE ALTER COLUMN TYPE; DROP TYPE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TYPE s AS ENUM ('a', 'b');
CREATE TABLE t (id int PRIMARY KEY, k s DEFAULT 'a');
INSERT INTO t SELECT g, 'a' FROM generate_series(1, 50) g;
-- revision
ALTER TABLE t ALTER COLUMN k TYPE text;
DROP TYPE s;
