-- difference: half way: 55000 <- DELETE FROM WHERE; CREATE PUBLICATION FOR ALL TABLES
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE m (id int);
INSERT INTO m SELECT g FROM generate_series(1,60) g;
-- revision
DELETE FROM m WHERE id > 5;
CREATE PUBLICATION p FOR ALL TABLES;
-- upgrade: backfill-1: backfill of m, blocks 0 to 1: cannot delete from table "m" because it does not have a replica identity and publishes deletes [55000]
