-- difference: leftovers: FUNCTION <- ALTER TABLE ALTER COLUMN TYPE @ versions
-- right: as psql
-- status: fixed
-- way: versions
-- setup
CREATE TABLE main (id bigint PRIMARY KEY, n int, title text, owner_id int);
INSERT INTO main (id, n, title, owner_id) SELECT g, (CASE g % 4 WHEN 0 THEN 0 WHEN 1 THEN 3 WHEN 2 THEN 20 ELSE NULL END)::integer, (CASE g % 4 WHEN 0 THEN '0' WHEN 1 THEN '0' WHEN 2 THEN '12' ELSE NULL END)::text, 1 + g % 9 FROM generate_series(1, 3) g;
-- revision
ALTER TABLE main ALTER COLUMN owner_id TYPE bigint;
-- FUNCTION concertina.speaks(text)
