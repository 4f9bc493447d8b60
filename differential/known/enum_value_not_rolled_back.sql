-- difference: not rolled back: + CREATE TYPE AS ENUM / - CREATE TYPE AS ENUM <- ALTER TYPE ADD VALUE; ALTER TABLE DROP COLUMN | ENUM TYPE @ back
-- right: as psql
-- status: fixed
-- way: back
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
CREATE TYPE e AS ENUM ('a');
-- revision
ALTER TYPE e ADD VALUE 'z';
ALTER TABLE t DROP COLUMN b;
-- - CREATE TYPE public.e AS ENUM ( .. 'a'
-- + CREATE TYPE public.e AS ENUM ( .. 'a',
-- + CREATE TYPE public.e AS ENUM ( .. 'z'
