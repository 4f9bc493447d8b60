-- difference: not down: + CREATE TABLE CONSTRAINT CHECK / - ALTER TABLE / - ALTER TABLE ADD CONSTRAINT <- ALTER TABLE VALIDATE CONSTRAINT | CHECK CONSTRAINT NOT VALID
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
ALTER TABLE t ADD CONSTRAINT k CHECK (a >= 0) NOT VALID;
-- revision
ALTER TABLE t VALIDATE CONSTRAINT k;
-- - ALTER TABLE public.t
-- - ALTER TABLE public.t .. ADD CONSTRAINT k CHECK ((a >= 0)) NOT VALID;
-- + CREATE TABLE public.t ( .. CONSTRAINT k CHECK ((a >= 0))
