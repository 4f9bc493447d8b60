-- difference: not down: - GRANT ON TABLE TO <- GRANT ALL ON TO | BEGIN FUNCTION GRANT RETURN RETURNS TG_LEVEL TG_OP UPDATE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE journal (what text, of text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO journal VALUES (TG_OP, TG_LEVEL); RETURN NULL; END $$;
GRANT UPDATE (of) ON journal TO app;
-- revision
GRANT ALL ON journal TO app;
-- - GRANT UPDATE(of) ON TABLE public.journal TO app;
