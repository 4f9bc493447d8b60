-- difference: not down: + CREATE INDEX ON USING / - CREATE INDEX ON USING <- ALTER TABLE ALTER COLUMN TYPE USING | INDEX
-- right: as psql
-- status: open
-- way: plain
-- setup
CREATE TABLE a (c numeric(10,2));
CREATE INDEX b ON a ((c + 1));
-- revision
ALTER TABLE a ALTER COLUMN c TYPE bigint USING (c * 10)::bigint;
-- - CREATE INDEX b ON public.a USING btree (((c + (1)::numeric)));
-- + CREATE INDEX b ON public.a USING btree ((((c)::numeric + (1)::numeric)));
