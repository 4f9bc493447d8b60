-- difference: schema: + CREATE TABLE ALTER TABLE <- ALTER TABLE ALTER RESET; ALTER TABLE ALTER TYPE | SET
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a numeric);
INSERT INTO t SELECT g, g FROM generate_series(1,20) g;
ALTER TABLE t ALTER a SET (n_distinct = 5);
-- revision
ALTER TABLE t ALTER a RESET (n_distinct);
ALTER TABLE t ALTER a TYPE text;
-- + CREATE TABLE public.t ( .. ALTER TABLE ONLY public.t ALTER COLUMN a SET (n_distinct=5);
