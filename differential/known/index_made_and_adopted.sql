-- difference: not down: + CREATE UNIQUE INDEX ON <- CREATE UNIQUE INDEX ON; ALTER TABLE ADD UNIQUE USING INDEX | EXTENSION TYPE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE EXTENSION citext;
CREATE TYPE pair_t AS (a int, b text);
CREATE TABLE extra_0 (mail int, orders point, items pair_t);
-- revision
CREATE UNIQUE INDEX parent_id_i ON extra_0 (mail);
ALTER TABLE extra_0 ADD UNIQUE USING INDEX parent_id_i;
-- + CREATE UNIQUE INDEX parent_id_i ON public.extra_0 USING btree (mail);
