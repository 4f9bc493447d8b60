-- difference: dead end: 2BP01 <- ALTER TABLE DROP COLUMN CASCADE | BEGIN BY CHECK COLLATE COLLATION COLUMN COMMENT DEFAULT DOMAIN ENUM EXCEPTION FIRST FUNCTION INDEX IS NEW NOT NULLS OLD OR PARTITION POLICY RAISE RANGE RETURN RETURNS SCHEMA TG_LEVEL TG_OP TYPE UNIQUE USING VALID VIEW WHERE
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TYPE mood AS ENUM ('new', 'glad', 'sad');
CREATE DOMAIN word_d AS text CHECK (length(VALUE) < 100);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n := coalesce(OLD.n, 0) + 1; RETURN NEW; END $$;
CREATE TABLE journal (what text, of text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO journal VALUES (TG_OP, TG_LEVEL); RETURN NULL; END $$;
CREATE FUNCTION deny() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'only appended'; END $$;
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE SCHEMA "Odd Schema";
CREATE TYPE pair_t AS (a int, b text);
CREATE TABLE owners (id int PRIMARY KEY, title text, rank int);
CREATE TABLE main (id bigserial PRIMARY KEY, n int, title text DEFAULT 'none', owner_id int, handle text COLLATE nocase);
CREATE TABLE parted (id bigint NOT NULL, n int, title text, qty int) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (100000);
INSERT INTO journal (what, of) SELECT 'v' || g, (CASE g % 4 WHEN 0 THEN '12' WHEN 1 THEN '12' WHEN 2 THEN '' ELSE NULL END)::text FROM generate_series(1, 3) g;
ALTER TABLE main ADD CHECK (title IS NULL OR title IS NOT NULL) NOT VALID;
COMMENT ON TABLE owners IS NULL;
COMMENT ON COLUMN journal.what IS 'it''s';
CREATE POLICY users_y ON parted FOR SELECT USING (id = 11);
CREATE POLICY "a.b_y" ON parted FOR SELECT TO "Odd Role" USING (id IS NOT NULL);
CREATE VIEW status_v AS SELECT * FROM parted_1;
CREATE UNIQUE INDEX "a.b_i" ON main (n NULLS FIRST) WHERE handle IS NOT NULL;
-- revision
ALTER TABLE parted DROP COLUMN qty CASCADE;
-- contract: 001_change contract-1: cannot drop desired object(s) because other objects depend on them (view status_v depends on column qty of table parted_1) [2BP01]
