CREATE SCHEMA IF NOT EXISTS concertina;
COMMENT ON SCHEMA concertina IS 'State of Concertina: revisions, steps, backfill jobs and the functions of sync triggers';

CREATE TABLE IF NOT EXISTS concertina.meta (format int NOT NULL);
-- It has one row and no key: where a publication is for all tables, it couldn't be updated.
ALTER TABLE concertina.meta REPLICA IDENTITY FULL;
INSERT INTO concertina.meta SELECT 1 WHERE NOT EXISTS (SELECT FROM concertina.meta);

CREATE TABLE IF NOT EXISTS concertina.revision (
    id text PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY,
    parents text[] NOT NULL,
    checksum text NOT NULL,
    direction text NOT NULL DEFAULT 'up' CHECK (direction IN ('up', 'down')),
    state text NOT NULL CHECK (state IN ('running', 'waiting', 'contracting', 'undoing', 'applied')),
    -- The plan that is run, as it was made before the first step; none when stamped.
    plan text,
    -- The statements that take the revision back, or why there are none, as JSON.
    reverse text NOT NULL,
    began_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    error text
);

CREATE TABLE IF NOT EXISTS concertina.step (
    revision text NOT NULL REFERENCES concertina.revision ON DELETE CASCADE,
    direction text NOT NULL,
    step text NOT NULL,
    rows bigint,
    seconds float8 NOT NULL,
    done_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (revision, direction, step)
);

CREATE TABLE IF NOT EXISTS concertina.job (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    revision text NOT NULL REFERENCES concertina.revision ON DELETE CASCADE,
    direction text NOT NULL,
    step text NOT NULL,
    relation oid NOT NULL,
    -- Changes when the table is rewritten, and block numbers with it.
    filenode oid NOT NULL,
    blocks bigint NOT NULL,
    began_at timestamptz NOT NULL DEFAULT now(),
    -- Why it doesn't go at full speed, for those who look from outside.
    throttle text,
    UNIQUE (revision, direction, step, relation)
);

-- One row: what the operator says.
CREATE TABLE IF NOT EXISTS concertina.control (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    paused boolean NOT NULL DEFAULT false,
    reason text,
    since timestamptz NOT NULL DEFAULT now()
);

-- Updated with every batch: the room in its pages keeps these updates HOT.
CREATE TABLE IF NOT EXISTS concertina.range (
    job bigint NOT NULL REFERENCES concertina.job ON DELETE CASCADE,
    start_block bigint NOT NULL,
    end_block bigint NOT NULL,
    next_block bigint NOT NULL,
    pass int NOT NULL DEFAULT 0,
    passes int NOT NULL DEFAULT 0,
    rows bigint NOT NULL DEFAULT 0,
    done boolean NOT NULL DEFAULT false,
    -- The last key behind us, where a table is walked by key.
    key text[],
    PRIMARY KEY (job, start_block)
) WITH (fillfactor = 50);

-- Format 2.
-- Which version wrote last.
ALTER TABLE concertina.meta ADD COLUMN IF NOT EXISTS version text;
-- Numbers follow from those that are there: a sequence of a database that was copied can go back in a crash.
ALTER TABLE concertina.revision ALTER COLUMN number DROP IDENTITY IF EXISTS;
ALTER TABLE concertina.job ALTER COLUMN id DROP IDENTITY IF EXISTS;
UPDATE concertina.meta SET format = 2 WHERE format < 2;

-- Format 3.
-- The first and the last id of a transaction of statements that were run as written, subtransactions included: rows that it wrote
-- are known by these. The last is the record's own as long as the record is where it was written.
ALTER TABLE concertina.step ADD COLUMN IF NOT EXISTS xid_first bigint;
ALTER TABLE concertina.step ADD COLUMN IF NOT EXISTS xid_last bigint;
UPDATE concertina.meta SET format = 3 WHERE format < 3;

-- Format 4.
-- Rows of a work list that were left as they are, and those that were gone.
ALTER TABLE concertina.range ADD COLUMN IF NOT EXISTS skipped bigint NOT NULL DEFAULT 0;
ALTER TABLE concertina.range ADD COLUMN IF NOT EXISTS gone bigint NOT NULL DEFAULT 0;
UPDATE concertina.meta SET format = 4 WHERE format < 4;

-- Format 5.
-- Rehearsals that refused nothing: of what (revisions, plans, and the structure that they are about, as one digest), and by which version.
CREATE TABLE IF NOT EXISTS concertina.rehearsal (
    digest text NOT NULL,
    version text NOT NULL,
    unproven text[] NOT NULL,
    left_behind text[] NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (digest, version)
);
UPDATE concertina.meta SET format = 5 WHERE format < 5;
