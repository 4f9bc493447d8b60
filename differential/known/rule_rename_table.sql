-- difference: schema: - CREATE RULE AS / - CREATE RULE AS ON / - CREATE RULE AS VALUES / - CREATE RULE AS WHERE <- CREATE RULE AS ON DELETE TO WHERE DO ALSO; ALTER TABLE RENAME TO
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
CREATE TABLE journal (what text);
-- revision
CREATE RULE r AS ON DELETE TO t WHERE old.a = 1 DO ALSO INSERT INTO journal VALUES ('x');
ALTER TABLE t RENAME TO u;
-- - CREATE RULE r AS
-- - CREATE RULE r AS .. ON DELETE TO public.u
-- - CREATE RULE r AS .. VALUES ('x'::text);
-- - CREATE RULE r AS .. WHERE (old.a = 1) DO  INSERT INTO public.journal (what)
