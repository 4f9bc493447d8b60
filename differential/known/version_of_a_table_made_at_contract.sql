-- difference: half way: 42703 <- ALTER TABLE RENAME TO; CREATE TABLE | COLLATE COLLATION DEFAULT EXTENSION @ versions
-- right: refused
-- status: fixed
-- way: versions
-- setup
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE EXTENSION citext;
CREATE TABLE owners (id int PRIMARY KEY, title text, rank int);
CREATE TABLE main (id serial PRIMARY KEY, n int DEFAULT 0, title text COLLATE "C" DEFAULT 'none', owner_id int, handle text COLLATE nocase);
-- revision
ALTER TABLE main RENAME TO main_old;
CREATE TABLE main (id bigint PRIMARY KEY, other text);
-- upgrade: 001_change backfill-1: column "other" does not exist [42703]
