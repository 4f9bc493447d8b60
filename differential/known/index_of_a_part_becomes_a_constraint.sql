-- difference: dead end: 2BP01 <- ALTER TABLE ADD CONSTRAINT UNIQUE USING INDEX | BEGIN BY CHECK COLLATE COMMENT DEFAULT DOMAIN ENUM EXCEPTION FUNCTION GRANT INCLUDE INDEX IS NEW NOT OLD PARTITION POLICY RAISE RANGE REFERENCES RESTRICTIVE RETURN RETURNS SCHEMA STATISTICS TG_LEVEL TG_OP TYPE UNIQUE USING WHERE
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
CREATE SCHEMA "Odd Schema";
CREATE TABLE owners (id int PRIMARY KEY, title text, rank int);
CREATE TABLE main (id int PRIMARY KEY, n int, title text, feel mood DEFAULT 'new');
CREATE TABLE parted (id bigint NOT NULL, n int, title text COLLATE "C") PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (100000);
INSERT INTO journal (what, of) SELECT 'v' || g, (CASE g % 4 WHEN 0 THEN 'x' WHEN 1 THEN '0' WHEN 2 THEN 'O''Brien' ELSE NULL END)::text FROM generate_series(1, 3) g;
INSERT INTO main (id, n, title, feel) SELECT g, g, 'v' || g, (CASE g % 4 WHEN 0 THEN 'new' WHEN 1 THEN 'new' WHEN 2 THEN 'glad' ELSE NULL END)::mood FROM generate_series(1, 3) g;
INSERT INTO owners (id, title, rank) SELECT g, (CASE g % 4 WHEN 0 THEN '0' WHEN 1 THEN 'a' WHEN 2 THEN 'x' ELSE NULL END)::text, (CASE g % 4 WHEN 0 THEN 16 WHEN 1 THEN 7 WHEN 2 THEN 17 ELSE NULL END)::integer FROM generate_series(1, 3) g;
INSERT INTO parted (id, n, title) SELECT g, g, (CASE g % 4 WHEN 0 THEN 'b' WHEN 1 THEN 'b' WHEN 2 THEN '12' ELSE NULL END)::text FROM generate_series(1, 3) g;
CREATE UNIQUE INDEX ON main (id) INCLUDE (feel) WHERE feel = 'glad';
CREATE POLICY "Ünïcode_y" ON parted AS RESTRICTIVE USING (id IS NOT NULL);
GRANT REFERENCES (n) ON parted_2 TO app;
GRANT SELECT (id) ON owners TO "Odd Role";
CREATE STATISTICS tag_x ON title, feel FROM main;
COMMENT ON TABLE owners IS 'what it is';
CREATE UNIQUE INDEX events_i ON parted (id);
-- revision
ALTER TABLE parted_1 ADD CONSTRAINT team_id_c UNIQUE USING INDEX parted_1_id_idx;
-- downgrade: 001_change contract-1: cannot drop index team_id_c because index events_i requires it [2BP01]
