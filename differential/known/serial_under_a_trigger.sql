-- difference: rows <- ALTER TABLE ADD COLUMN | ALWAYS ARRAY BEFORE BEGIN EACH ENUM EXECUTE FUNCTION GENERATED IS NEW NOT OLD RETURN RETURNS ROW STORED TRIGGER TYPE UPDATE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TYPE mood AS ENUM ('new', 'glad', 'sad');
CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n := coalesce(OLD.n, 0) + 1; RETURN NEW; END $$;
CREATE TABLE owners (id int PRIMARY KEY, title text, rank int);
CREATE TABLE main (id serial PRIMARY KEY, n int, title text, owner_id int, seen timestamptz, raws json[], boss owners, feels mood[], twice int GENERATED ALWAYS AS (n * 2) STORED, mail varchar(40));
INSERT INTO main (n, title, owner_id, seen, raws, boss, feels, mail) SELECT g, (CASE g % 4 WHEN 0 THEN 'a' WHEN 1 THEN '12' WHEN 2 THEN 'b' ELSE NULL END)::text, 1 + g % 9, (CASE g % 4 WHEN 0 THEN '2020-03-06 10:00' WHEN 1 THEN '2020-03-05 10:00' WHEN 2 THEN '2020-03-16 10:00' ELSE NULL END)::timestamp with time zone, (CASE g % 4 WHEN 0 THEN ARRAY['{"a":1}']::json[] WHEN 1 THEN ARRAY['null']::json[] WHEN 2 THEN ARRAY['{"a": 1}']::json[] ELSE NULL END)::json[], (CASE g % 4 WHEN 0 THEN NULL WHEN 1 THEN NULL WHEN 2 THEN NULL ELSE NULL END)::owners, (CASE g % 4 WHEN 0 THEN ARRAY['glad']::mood[] WHEN 1 THEN ARRAY['new']::mood[] WHEN 2 THEN ARRAY['sad']::mood[] ELSE NULL END)::mood[], (CASE g % 4 WHEN 0 THEN '' WHEN 1 THEN 'new' WHEN 2 THEN 'O''Brien' ELSE NULL END)::character varying(40) FROM generate_series(1, 3) g;
CREATE TRIGGER kind_g BEFORE UPDATE ON main FOR EACH ROW WHEN (old.twice IS NOT NULL) EXECUTE FUNCTION bump();
-- revision
ALTER TABLE main ADD COLUMN teams bigserial;
-- main: 3 rows, wanted 3
