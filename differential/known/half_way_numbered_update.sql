-- difference: bare error: 42710 <- ALTER TABLE ADD COLUMN; UPDATE SET
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
ALTER TABLE t ADD COLUMN n bigserial;
UPDATE t SET n = n + 1000;
-- 001_change expand-1: trigger "zzz_concertina_sync_9072b2674a50" for relation "t" already exists [42710]
