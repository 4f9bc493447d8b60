-- difference: half way: 55000 <- CREATE PUBLICATION FOR TABLE; ALTER TABLE ALTER TYPE
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE m (id int, n int);
INSERT INTO m SELECT g FROM generate_series(1,60) g;
-- revision
CREATE PUBLICATION p FOR TABLE m;
ALTER TABLE m ALTER n TYPE bigint;
-- upgrade: backfill-1: backfill of m, blocks 0 to 1: cannot update table "m" because it does not have a replica identity and publishes updates [55000]
