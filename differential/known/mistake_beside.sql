-- difference: half way: 42883 <- ALTER TABLE ADD COLUMN; UPDATE SET @ beside
-- right: refused
-- status: fixed
-- way: beside
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 3000) g;
-- revision
ALTER TABLE t ADD COLUMN c text;
UPDATE t SET c = lowr(b);
-- upgrade: backfill-1: backfill of t, blocks 0 to 8: function lowr(text) does not exist [42883]
