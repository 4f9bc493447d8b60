-- difference: rows <- ALTER TABLE ADD COLUMN NOT NULL DEFAULT; UPDATE SET
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
ALTER TABLE t ADD COLUMN c int NOT NULL DEFAULT 0;
UPDATE t SET c = coalesce(a, 1) * 2;
-- t: 200 rows, wanted 200
