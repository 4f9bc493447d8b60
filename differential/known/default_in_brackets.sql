-- difference: bare error: 42601 <- ALTER TABLE ADD COLUMN DEFAULT
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
ALTER TABLE t ADD COLUMN c timestamp DEFAULT (now() AT TIME ZONE 'utc');
-- 001_change expand-1: syntax error at or near "AT" [42601]
