-- difference: schema: + ALTER TABLE ONLY / + ALTER TABLE ONLY ADD <- ALTER TABLE DROP CONSTRAINT; CREATE TABLE LIKE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
ALTER TABLE t DROP CONSTRAINT t_pkey;
CREATE TABLE k (LIKE t INCLUDING ALL);
-- + ALTER TABLE ONLY public.k
-- + ALTER TABLE ONLY public.k .. ADD CONSTRAINT k_pkey PRIMARY KEY (id);
