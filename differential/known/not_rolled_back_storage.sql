-- difference: not rolled back: + ORDER / - CREATE TABLE ALTER TABLE <- ALTER TABLE ALTER TYPE; DROP VIEW | PLAIN SET STORAGE VIEW @ back
-- right: as psql
-- status: fixed
-- way: back
-- setup
CREATE TABLE o (a int);
INSERT INTO o VALUES (1);
CREATE VIEW v AS SELECT * FROM o;
CREATE TABLE t (id int PRIMARY KEY, a numeric);
ALTER TABLE t ALTER a SET STORAGE PLAIN;
-- revision
ALTER TABLE t ALTER a TYPE text;
DROP VIEW v;
-- - CREATE TABLE public.t ( .. ALTER TABLE ONLY public.t ALTER COLUMN a SET STORAGE PLAIN;
-- + ORDER of columns of public.t
