-- difference: moved <- ALTER TABLE DROP COLUMN ADD COLUMN; ALTER TABLE ADD COLUMN DEFAULT | ARRAY ENUM TYPE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TYPE mood AS ENUM ('new', 'glad', 'sad');
CREATE TABLE main (id int PRIMARY KEY, n int, title text, paid numeric, raws json[]);
INSERT INTO main (id, n, title, paid, raws) SELECT g, (CASE g % 4 WHEN 0 THEN 5 WHEN 1 THEN 4 WHEN 2 THEN 13 ELSE NULL END)::integer, repeat('wide ', 800) || g, (CASE g % 4 WHEN 0 THEN 0 WHEN 1 THEN 1.5 WHEN 2 THEN 12.00 ELSE NULL END)::numeric, (CASE g % 4 WHEN 0 THEN ARRAY['{"a":1}']::json[] WHEN 1 THEN ARRAY['{"a":1}']::json[] WHEN 2 THEN ARRAY['null']::json[] ELSE NULL END)::json[] FROM generate_series(1, 3) g;
-- revision
ALTER TABLE main DROP COLUMN raws, ADD COLUMN raws text;
ALTER TABLE main ADD COLUMN mail mood DEFAULT 'sad';
-- public.main
