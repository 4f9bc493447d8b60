-- difference: schema: + CREATE TABLE <- ALTER TABLE DROP COLUMN; CREATE TABLE LIKE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
ALTER TABLE t DROP COLUMN b;
CREATE TABLE k (LIKE t INCLUDING ALL);
-- + CREATE TABLE public.k ( .. b text
