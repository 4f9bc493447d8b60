-- difference: not down: + CREATE UNIQUE INDEX ON / - CREATE UNIQUE INDEX ON <- ALTER TABLE ALTER COLUMN TYPE COLLATE | COLLATE EXTENSION INDEX UNIQUE
-- right: as psql
-- status: open
-- way: plain
-- setup
CREATE EXTENSION citext;
CREATE TABLE b (a citext);
CREATE UNIQUE INDEX ON b (a COLLATE "C");
-- revision
ALTER TABLE b ALTER COLUMN a TYPE citext COLLATE "C";
-- - CREATE UNIQUE INDEX b_a_idx ON public.b USING btree (a COLLATE "C");
-- + CREATE UNIQUE INDEX b_a_idx ON public.b USING btree (a);
