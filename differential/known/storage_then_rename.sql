-- difference: schema: - CREATE TABLE ALTER TABLE <- ALTER TABLE RENAME COLUMN TO | COLUMN EXTERNAL SET STORAGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 3000) g;
ALTER TABLE t ALTER COLUMN b SET STORAGE EXTERNAL;
-- revision
ALTER TABLE t RENAME COLUMN b TO c;
-- - CREATE TABLE public.t ( .. ALTER TABLE ONLY public.t ALTER COLUMN c SET STORAGE EXTERNAL;
