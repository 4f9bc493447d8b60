-- difference: half way: 22012 <- DROP FUNCTION IF EXISTS; CREATE OR REPLACE FUNCTION RETURNS LANGUAGE AS SELECT; UPDATE SET; ALTER TABLE RENAME TO; UPDATE SET | BEFORE BEGIN BOB BY CHECK COLUMN DEFAULT DESC DOMAIN EACH ENUM EXCEPTION EXECUTE EXTENSION FUNCTION GRANT INDEX IS NEW NOT OLD PARTITION POLICY RAISE RANGE RETURN RETURNS ROW SCHEMA SET TG_LEVEL TG_OP TRIGGER TYPE UNIQUE UPDATE USING VIEW
-- right: as psql
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
CREATE EXTENSION citext;
CREATE SCHEMA attic;
CREATE TYPE pair_t AS (a int, b text);
CREATE TABLE owners (id int PRIMARY KEY, title text, rank int);
CREATE TABLE main (id bigserial PRIMARY KEY, n int, title text, owner_id int, email citext);
CREATE TABLE parted (id bigint NOT NULL, n int, title text, qty int) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (100000);
CREATE TABLE extra_0 (id uuid PRIMARY KEY, seen_at "char", email mood CHECK (email IS NOT NULL), leads interval);
CREATE TABLE extra_1 (id int PRIMARY KEY, state time);
INSERT INTO extra_1 (id, state) SELECT g, (CASE g % 4 WHEN 0 THEN '12:00' WHEN 1 THEN '12:00' WHEN 2 THEN '12:00' ELSE NULL END)::time without time zone FROM generate_series(1, 120) g;
INSERT INTO journal (what, of) SELECT (CASE g % 4 WHEN 0 THEN 'new' WHEN 1 THEN 'b' WHEN 2 THEN '12' ELSE NULL END)::text, 'v' || g FROM generate_series(1, 120) g;
INSERT INTO main (n, title, owner_id, email) SELECT (CASE g % 4 WHEN 0 THEN 20 WHEN 1 THEN 19 WHEN 2 THEN 6 ELSE NULL END)::integer, 'v' || g, 1 + g % 9, (CASE g % 4 WHEN 0 THEN 'bob' WHEN 1 THEN 'BOB' WHEN 2 THEN 'Bob' ELSE NULL END)::citext FROM generate_series(1, 120) g;
INSERT INTO owners (id, title, rank) SELECT g, repeat('wide ', 800) || g, (CASE g % 4 WHEN 0 THEN 17 WHEN 1 THEN 4 WHEN 2 THEN 2 ELSE NULL END)::integer FROM generate_series(1, 120) g;
INSERT INTO parted (id, n, title, qty) SELECT g, (CASE g % 4 WHEN 0 THEN 12 WHEN 1 THEN 5 WHEN 2 THEN 14 ELSE NULL END)::integer, 'v' || g, (CASE g % 4 WHEN 0 THEN 6 WHEN 1 THEN 12 WHEN 2 THEN 13 ELSE NULL END)::integer FROM generate_series(1, 120) g;
ALTER TABLE main ALTER COLUMN title SET DEFAULT 'x';
CREATE FUNCTION from_f(v text) RETURNS text LANGUAGE sql AS 'SELECT upper($1)';
CREATE TRIGGER orders_g BEFORE UPDATE ON main FOR EACH ROW WHEN (old.id IS NOT NULL) EXECUTE FUNCTION touch();
CREATE VIEW team_id_v AS SELECT seen_at, leads FROM extra_0;
GRANT UPDATE ON parted_1 TO app;
CREATE INDEX orders_i ON extra_0 (id, seen_at DESC);
CREATE POLICY kind_y ON parted TO reader USING (id = 1);
CREATE UNIQUE INDEX ON owners (title DESC);
CREATE INDEX ON extra_1 (state);
-- revision
DROP FUNCTION IF EXISTS from_f(v text);
CREATE OR REPLACE FUNCTION from_f(v text) RETURNS text LANGUAGE sql AS 'SELECT ''other''::text';
UPDATE owners SET id = id;
ALTER TABLE parted_2 RENAME TO notes_tab;
UPDATE notes_tab SET id = 100 / (id - id);
-- upgrade: 001_change expand-3: division by zero [22012]
