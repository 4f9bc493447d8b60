-- difference: schema: ALTER TABLE.. <- REVOKE ALL ON FROM; ALTER TABLE ADD EXCLUDE USING | BEGIN FUNCTION RETURN RETURNS TG_LEVEL TG_OP
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE journal (what text, of text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO journal VALUES (TG_OP, TG_LEVEL); RETURN NULL; END $$;
CREATE TABLE main (owner_id int);
INSERT INTO journal (what, of) SELECT 'v' || g, (CASE g % 4 WHEN 0 THEN '0' WHEN 1 THEN 'x' WHEN 2 THEN '0' ELSE NULL END)::text FROM generate_series(1, 3) g;
-- revision
REVOKE ALL ON journal FROM "Odd Role";
ALTER TABLE main ADD EXCLUDE USING btree (owner_id WITH =);
-- - ALTER TABLE ONLY public.main .. ADD CONSTRAINT main_owner_id_excl EXCLUDE USING btree (owner_id WITH =);
-- + ALTER TABLE ONLY public.main .. ADD CONSTRAINT main_excl EXCLUDE USING btree (owner_id WITH =);
