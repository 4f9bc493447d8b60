-- difference: schema: + ALTER INDEX ATTACH PARTITION / + CREATE INDEX ON USING / - ALTER INDEX ATTACH PARTITION / - CREATE INDEX ON USING <- DROP INDEX; CREATE INDEX ON | BEGIN BY CHECK COLLATE COLUMN CONSTRAINT DEFAULT DESC DOMAIN ENUM EXCEPTION FUNCTION GRANT INDEX NEW NOT OLD PARTITION PUBLICATION RAISE RANGE RETURN RETURNS SCHEMA SET TG_LEVEL TG_OP TYPE UNIQUE UPDATE VIEW WHERE
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
CREATE TYPE pair_t AS (a int, b text);
CREATE TABLE owners (id int PRIMARY KEY, title text, rank int);
CREATE TABLE main (id bigserial PRIMARY KEY, n int, title text, owner_id int, mail varchar(40), "order" text, took interval, code varchar(10) COLLATE "C");
CREATE TABLE parted (id bigint NOT NULL, n int, title text, qty int DEFAULT 5) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (100000);
ALTER TABLE parted ADD PRIMARY KEY (id);
INSERT INTO journal (what, of) SELECT (CASE g % 4 WHEN 0 THEN '12' WHEN 1 THEN 'new' WHEN 2 THEN '0' ELSE NULL END)::text, (CASE g % 4 WHEN 0 THEN 'x' WHEN 1 THEN '12' WHEN 2 THEN 'x' ELSE NULL END)::text FROM generate_series(1, 3) g;
INSERT INTO main (n, title, owner_id, mail, "order", took, code) SELECT (CASE g % 4 WHEN 0 THEN 15 WHEN 1 THEN 7 WHEN 2 THEN 15 ELSE NULL END)::integer, 'v' || g, 1 + g % 9, (CASE g % 4 WHEN 0 THEN 'new' WHEN 1 THEN 'new' WHEN 2 THEN 'new' ELSE NULL END)::character varying(40), (SELECT string_agg(md5(g::text || i), '') FROM generate_series(1, 18) i), (CASE g % 4 WHEN 0 THEN '1 day' WHEN 1 THEN '30 days' WHEN 2 THEN '24:00:00' ELSE NULL END)::interval, (CASE g % 4 WHEN 0 THEN 'new' WHEN 1 THEN 'x' WHEN 2 THEN 'new' ELSE NULL END)::character varying(10) FROM generate_series(1, 3) g;
INSERT INTO owners (id, title, rank) SELECT g, 'v' || g, g FROM generate_series(1, 3) g;
INSERT INTO parted (id, n, title, qty) SELECT g, (CASE g % 4 WHEN 0 THEN 18 WHEN 1 THEN 0 WHEN 2 THEN 10 ELSE NULL END)::integer, (CASE g % 4 WHEN 0 THEN 'b' WHEN 1 THEN '0' WHEN 2 THEN '0' ELSE NULL END)::text, (CASE g % 4 WHEN 0 THEN 2 WHEN 1 THEN 18 WHEN 2 THEN 5 ELSE NULL END)::integer FROM generate_series(1, 3) g;
ALTER TABLE owners ALTER COLUMN rank SET DEFAULT 18;
CREATE VIEW files_v AS SELECT id FROM parted_1;
ALTER TABLE parted ADD CONSTRAINT items_c CHECK (length(title::text) < 90);
CREATE UNIQUE INDEX "größe_i" ON owners (id);
CREATE PUBLICATION parent_id_pub FOR TABLE main (id, code);
CREATE INDEX ON owners (rank DESC);
CREATE INDEX parent_id_i ON main (mail);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'parent_id_i'::regclass;
GRANT UPDATE ON files_v TO reader;
CREATE INDEX ON parted (id DESC);
-- revision
DROP INDEX parted_id_idx;
CREATE INDEX parted_id_idx ON parted (id);
-- - ALTER INDEX public.parted_id_idx ATTACH PARTITION public.parted_1_id_idx;
-- - ALTER INDEX public.parted_id_idx ATTACH PARTITION public.parted_2_id_idx;
-- - CREATE INDEX parted_1_id_idx ON public.parted_1 USING btree (id);
-- - CREATE INDEX parted_2_id_idx ON public.parted_2 USING btree (id);
-- + ALTER INDEX public.parted_id_idx ATTACH PARTITION public.parted_1_id_idx1;
-- + ALTER INDEX public.parted_id_idx ATTACH PARTITION public.parted_2_id_idx1;
-- + CREATE INDEX parted_1_id_idx1 ON public.parted_1 USING btree (id);
-- + CREATE INDEX parted_2_id_idx1 ON public.parted_2 USING btree (id);
