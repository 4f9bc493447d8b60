-- difference: half way: 22012 <- ALTER TABLE ADD COLUMN; UPDATE SET @ beside
-- right: refused
-- status: fixed
-- way: beside
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 3000) g;
-- revision
ALTER TABLE t ADD COLUMN c int;
UPDATE t SET c = 100 / a;
-- upgrade: backfill-1: backfill of t, blocks 0 to 8: division by zero [22012]
