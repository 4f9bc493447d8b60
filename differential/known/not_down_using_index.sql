-- difference: schema: ALTER TABLE.. <- ALTER TABLE ADD UNIQUE USING INDEX | INDEX UNIQUE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
CREATE UNIQUE INDEX i ON t (id);
-- revision
ALTER TABLE t ADD UNIQUE USING INDEX i;
-- - ALTER TABLE ONLY public.t .. ADD CONSTRAINT i UNIQUE (id);
-- + ALTER TABLE ONLY public.t .. ADD CONSTRAINT t_key UNIQUE (id);
