-- difference: not down: ERROR 42804 HINT USING <- ALTER TABLE ALTER COLUMN TYPE | COLLATE COLLATION DEFAULT @ scripts
-- right: as psql
-- status: fixed
-- way: scripts
-- setup
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE main (title text DEFAULT 'none', owner_id int, handle text COLLATE nocase, raw json);
-- revision
ALTER TABLE main ALTER COLUMN raw TYPE text;
-- ERROR:  42804: column "raw" cannot be cast automatically to type json HINT:  You might need to specify "USING raw::json". CONTEXT:  SQL statement "ALTER TABLE public.main ALTER COLUMN raw TYPE json" PL/pgSQL function inline_code_block line 16 at EXECUTE
