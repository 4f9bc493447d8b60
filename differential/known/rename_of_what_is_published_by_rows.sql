-- difference: half way: 42P10 <- ALTER TABLE RENAME COLUMN TO | COLLATE PUBLICATION WHERE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE main (title text COLLATE "C");
INSERT INTO main (title) SELECT (CASE g % 4 WHEN 0 THEN '12' WHEN 1 THEN '' WHEN 2 THEN '12' ELSE NULL END)::text FROM generate_series(1, 3) g;
CREATE PUBLICATION "a.b_pub" FOR TABLE main WHERE (title = '12');
-- revision
ALTER TABLE main RENAME COLUMN title TO parent_id;
-- upgrade: backfill-1: backfill of main, blocks 0 to 1: cannot update table "main" (Column used in the publication WHERE expression is not part of the replica identity.) [42P10]
