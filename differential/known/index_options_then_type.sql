-- difference: schema: + CREATE INDEX ON USING / - CREATE INDEX ON USING <- ALTER INDEX SET; ALTER TABLE ALTER TYPE USING | INDEX
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a numeric);
INSERT INTO t SELECT g, g FROM generate_series(1,20) g;
CREATE INDEX i ON t (a);
-- revision
ALTER INDEX i SET (fillfactor = 50);
ALTER TABLE t ALTER a TYPE bigint USING a::bigint;
-- - CREATE INDEX i ON public.t USING btree (a) WITH (fillfactor='50');
-- + CREATE INDEX i ON public.t USING btree (a);
