-- difference: not down: - CREATE TABLE ALTER TABLE <- ALTER TABLE ALTER TYPE | PLAIN SET STORAGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a numeric);
ALTER TABLE t ALTER a SET STORAGE PLAIN;
INSERT INTO t SELECT g, g FROM generate_series(1,20) g;
-- revision
ALTER TABLE t ALTER a TYPE text;
-- - CREATE TABLE public.t ( .. ALTER TABLE ONLY public.t ALTER COLUMN a SET STORAGE PLAIN;
