-- difference: half way: 42703 <- DO BEGIN ALTER TABLE DROP COLUMN END | EXTENSION @ versions
-- right: refused
-- status: fixed
-- way: versions
-- setup
CREATE EXTENSION citext;
CREATE TABLE main (id int PRIMARY KEY, owner_id int, "order" text);
-- revision
DO $$ BEGIN ALTER TABLE main DROP COLUMN "order"; END $$;
-- upgrade: 001_change backfill-1: column "order" does not exist [42703]
