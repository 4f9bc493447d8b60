-- difference: half way: 55000 <- ALTER TABLE RENAME COLUMN TO | DEFAULT EXTENSION NOT PUBLICATION
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE EXTENSION citext;
CREATE TABLE extra_1 (id bigint NOT NULL, "Mixed Case" time DEFAULT '12:00');
INSERT INTO extra_1 (id, "Mixed Case") SELECT g, (CASE g % 4 WHEN 0 THEN '12:00' WHEN 1 THEN '12:00' WHEN 2 THEN '12:00' ELSE NULL END)::time without time zone FROM generate_series(1, 3) g;
CREATE PUBLICATION "a""b_pub" FOR TABLE extra_1 ("Mixed Case");
-- revision
ALTER TABLE extra_1 RENAME COLUMN id TO "user";
-- upgrade: backfill-1: backfill of extra_1, blocks 0 to 1: cannot update table "extra_1" because it does not have a replica identity and publishes updates [55000]
