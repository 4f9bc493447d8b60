-- difference: not down: ALTER TABLE.. - WITH <- ALTER TABLE DROP CONSTRAINT | INDEX SET
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
ALTER INDEX t_pkey SET (fillfactor = 93);
-- revision
ALTER TABLE t DROP CONSTRAINT t_pkey;
-- - ALTER TABLE ONLY public.t .. ADD CONSTRAINT t_pkey PRIMARY KEY (id) WITH (fillfactor='93');
-- + ALTER TABLE ONLY public.t .. ADD CONSTRAINT t_pkey PRIMARY KEY (id);
