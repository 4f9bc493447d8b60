-- Schema concertina as the first format was, of a run that ended in the middle of a backfill: what pg_dump wrote of it.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA concertina;
COMMENT ON SCHEMA concertina IS 'State of Concertina: revisions, steps, backfill jobs and the functions of sync triggers';
CREATE FUNCTION concertina.zzz_concertina_sync_5bdc2ff0072b() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
DECLARE filled record;
BEGIN
  SELECT new.owner_id * 10 AS v0 INTO filled WHERE new.team_id IS NULL LIMIT 1;
  IF FOUND THEN
    IF new.team_id IS NULL THEN new.team_id := filled.v0; END IF;
  END IF;
  RETURN new;
END
$$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE concertina.control (
    only_one boolean DEFAULT true NOT NULL,
    paused boolean DEFAULT false NOT NULL,
    reason text,
    since timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT control_only_one_check CHECK (only_one)
);
CREATE TABLE concertina.job (
    id bigint NOT NULL,
    revision text NOT NULL,
    direction text NOT NULL,
    step text NOT NULL,
    relation oid NOT NULL,
    filenode oid NOT NULL,
    blocks bigint NOT NULL,
    began_at timestamp with time zone DEFAULT now() NOT NULL,
    throttle text
);
ALTER TABLE concertina.job ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME concertina.job_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE concertina.meta (
    format integer NOT NULL
);
CREATE TABLE concertina.range (
    job bigint NOT NULL,
    start_block bigint NOT NULL,
    end_block bigint NOT NULL,
    next_block bigint NOT NULL,
    pass integer DEFAULT 0 NOT NULL,
    passes integer DEFAULT 0 NOT NULL,
    rows bigint DEFAULT 0 NOT NULL,
    done boolean DEFAULT false NOT NULL,
    key text[]
)
WITH (fillfactor='50');
CREATE TABLE concertina.revision (
    id text NOT NULL,
    number bigint NOT NULL,
    parents text[] NOT NULL,
    checksum text NOT NULL,
    direction text DEFAULT 'up'::text NOT NULL,
    state text NOT NULL,
    plan text,
    reverse text NOT NULL,
    began_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    error text,
    CONSTRAINT revision_direction_check CHECK ((direction = ANY (ARRAY['up'::text, 'down'::text]))),
    CONSTRAINT revision_state_check CHECK ((state = ANY (ARRAY['running'::text, 'waiting'::text, 'contracting'::text, 'undoing'::text, 'applied'::text])))
);
ALTER TABLE concertina.revision ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME concertina.revision_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE concertina.step (
    revision text NOT NULL,
    direction text NOT NULL,
    step text NOT NULL,
    rows bigint,
    seconds double precision NOT NULL,
    done_at timestamp with time zone DEFAULT now() NOT NULL
);
INSERT INTO concertina.job OVERRIDING SYSTEM VALUE VALUES (1, '001_team', 'up', 'backfill-1', 16385, 16385, 2655, '2026-11-21 16:59:00.722717+00', NULL);
INSERT INTO concertina.meta VALUES (1);
INSERT INTO concertina.range VALUES (1, 0, 2048, 1188, 0, 1, 268488, false, NULL);
INSERT INTO concertina.range VALUES (1, 2048, 2655, 2655, 1, 1, 137152, true, NULL);
INSERT INTO concertina.revision OVERRIDING SYSTEM VALUE VALUES ('001_team', 1, '{}', 'b4d4b41d36eac7ed8248cf289b162d870468b684a91c4f48486cd716f39cc690', 'up', 'running', '{"format":1,"plan":{"revision":"001_team","preflight":[{"what":"every row of leads gets a value for team_id","question":{"no_rows":{"count":"SELECT count(*) FROM public.leads AS leads WHERE NOT EXISTS (SELECT 1 WHERE (NULL::int IS NULL) AND (owner_id * 10) IS NOT NULL)","examples":"SELECT concat_ws('', '', concat(''id = '', leads.id)) FROM public.leads AS leads WHERE NOT EXISTS (SELECT 1 WHERE (NULL::int IS NULL) AND (owner_id * 10) IS NOT NULL) LIMIT 5"}},"remedy":"give these rows a partner or a value first, or leave the column nullable","statement":2}],"expand":[{"id":"expand-1","work":{"kind":"quick","actions":[{"do":"add_column","table":{"schema":"public","name":"leads"},"column":"team_id","type_sql":"int","default":null,"not_null":false,"references":null},{"do":"install_sync","table":{"schema":"public","name":"leads"},"name":"zzz_concertina_sync_5bdc2ff0072b","assignments":[["team_id","new.owner_id * 10"]],"from":null,"predicate":"new.team_id IS NULL","when":"new.team_id IS NULL","search_path":null,"definer":false}]},"why":"a nullable column is a metadata-only change: no row is written; rows that any version of the application writes meanwhile are filled as they are written","statements":[1,2],"undo":[{"kind":"quick","actions":[{"do":"remove_sync","table":{"schema":"public","name":"leads"},"name":"zzz_concertina_sync_5bdc2ff0072b","assignments":[["team_id","new.owner_id * 10"]],"from":null,"predicate":"new.team_id IS NULL","when":"new.team_id IS NULL","search_path":null,"definer":false},{"do":"drop_column","table":{"schema":"public","name":"leads"},"column":"team_id"}]}]}],"backfill":[{"id":"backfill-1","work":{"kind":"backfill","backfill":{"table":{"schema":"public","name":"leads"},"alias":"leads","operation":{"assign":[["team_id","owner_id * 10"]]},"from":null,"predicate":"(team_id IS NULL) AND (leads.team_id IS NULL AND (owner_id * 10) IS NOT NULL)","hot":true,"lookups":false,"synced":true,"workers":null,"key":null}},"why":"one statement would hold its locks and its snapshot until the last row; batches hold them for milliseconds","statements":[2],"undo":[]},{"id":"backfill-2","work":{"kind":"quick","actions":[{"do":"add_constraint","table":{"schema":"public","name":"leads"},"name":"concertina_nn_5bdc2ff0072b","definition":"CHECK (team_id IS NOT NULL)","not_valid":true,"references":null}]},"why":"alone it scans the table under ACCESS EXCLUSIVE; a CHECK proven online replaces the scan","statements":[3],"undo":[{"kind":"quick","actions":[{"do":"drop_constraint","table":{"schema":"public","name":"leads"},"name":"concertina_nn_5bdc2ff0072b","references":null}]}]},{"id":"backfill-3","work":{"kind":"slow","online":{"do":"validate","table":{"schema":"public","name":"leads"},"constraints":["concertina_nn_5bdc2ff0072b"],"references":[]}},"why":"alone it scans the table under ACCESS EXCLUSIVE; a CHECK proven online replaces the scan","statements":[3],"undo":[]}],"contract":[{"id":"contract-1","work":{"kind":"quick","actions":[{"do":"remove_sync","table":{"schema":"public","name":"leads"},"name":"zzz_concertina_sync_5bdc2ff0072b","assignments":[["team_id","new.owner_id * 10"]],"from":null,"predicate":"new.team_id IS NULL","when":"new.team_id IS NULL","search_path":null,"definer":false},{"do":"set_not_null","table":{"schema":"public","name":"leads"},"column":"team_id"},{"do":"drop_constraint","table":{"schema":"public","name":"leads"},"name":"concertina_nn_5bdc2ff0072b","references":null}]},"why":"rows that any version of the application writes meanwhile are filled as they are written; alone it scans the table under ACCESS EXCLUSIVE; a CHECK proven online replaces the scan","statements":[2,3],"undo":[]}],"hazards":[{"code":"H06","message":"code that doesn''t write leads.team_id yet relies on the sync trigger; its rows stay NULL once contract removes it","statement":2}],"notes":[],"reverse":{"Ok":["ALTER TABLE public.leads ALTER COLUMN team_id DROP NOT NULL","ALTER TABLE public.leads DROP COLUMN team_id"]}}}', '{"Ok":["ALTER TABLE public.leads ALTER COLUMN team_id DROP NOT NULL","ALTER TABLE public.leads DROP COLUMN team_id"]}', '2026-11-21 16:59:00.697894+00', '2026-11-21 16:59:00.697894+00', NULL);
INSERT INTO concertina.step VALUES ('001_team', 'up', 'expand-1', NULL, 0.002110064, '2026-11-21 16:59:00.705393+00');
SELECT pg_catalog.setval('concertina.job_id_seq', 1, true);
SELECT pg_catalog.setval('concertina.revision_number_seq', 1, true);
ALTER TABLE ONLY concertina.control
    ADD CONSTRAINT control_pkey PRIMARY KEY (only_one);
ALTER TABLE ONLY concertina.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (id);
ALTER TABLE ONLY concertina.job
    ADD CONSTRAINT job_revision_direction_step_relation_key UNIQUE (revision, direction, step, relation);
ALTER TABLE ONLY concertina.range
    ADD CONSTRAINT range_pkey PRIMARY KEY (job, start_block);
ALTER TABLE ONLY concertina.revision
    ADD CONSTRAINT revision_pkey PRIMARY KEY (id);
ALTER TABLE ONLY concertina.step
    ADD CONSTRAINT step_pkey PRIMARY KEY (revision, direction, step);
ALTER TABLE ONLY concertina.job
    ADD CONSTRAINT job_revision_fkey FOREIGN KEY (revision) REFERENCES concertina.revision(id) ON DELETE CASCADE;
ALTER TABLE ONLY concertina.range
    ADD CONSTRAINT range_job_fkey FOREIGN KEY (job) REFERENCES concertina.job(id) ON DELETE CASCADE;
ALTER TABLE ONLY concertina.step
    ADD CONSTRAINT step_revision_fkey FOREIGN KEY (revision) REFERENCES concertina.revision(id) ON DELETE CASCADE;
