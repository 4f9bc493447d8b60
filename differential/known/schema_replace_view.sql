-- difference: schema: - ALTER TABLE OWNER TO / - CREATE VIEW AS / - CREATE VIEW AS FROM / - CREATE VIEW AS SELECT <- DROP VIEW IF EXISTS; CREATE OR REPLACE VIEW AS SELECT FROM | VIEW
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
CREATE VIEW v AS SELECT id FROM t;
-- revision
DROP VIEW IF EXISTS v;
CREATE OR REPLACE VIEW v AS SELECT id, a FROM t;
-- - ALTER TABLE public.v OWNER TO postgres;
-- - CREATE VIEW public.v AS
-- - CREATE VIEW public.v AS .. FROM public.t;
-- - CREATE VIEW public.v AS .. SELECT t.id,
-- - CREATE VIEW public.v AS .. t.a
