-- difference: dead end: 2BP01 <- ALTER TABLE ADD COLUMN; DROP TYPE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TYPE s AS ENUM ('a', 'b');
CREATE TABLE t (id int PRIMARY KEY, k s[]);
INSERT INTO t SELECT g, '{a}' FROM generate_series(1, 50) g;
-- revision
ALTER TABLE t ADD COLUMN z int;
DROP TYPE s;
