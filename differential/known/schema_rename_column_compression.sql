-- difference: schema: - CREATE TABLE ALTER TABLE <- ALTER TABLE RENAME COLUMN TO | COLUMN COMPRESSION SET
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
ALTER TABLE t ALTER COLUMN b SET COMPRESSION pglz;
-- revision
ALTER TABLE t RENAME COLUMN b TO c;
-- - CREATE TABLE public.t ( .. ALTER TABLE ONLY public.t ALTER COLUMN c SET COMPRESSION pglz;
