-- difference: schema: - GRANT SELECT ON TABLE <- REVOKE ALL ON FROM; GRANT SELECT ON TO | ALL GRANT
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
GRANT ALL ON t TO app;
-- revision
REVOKE ALL ON t FROM app;
GRANT SELECT ON t TO app;
-- - GRANT SELECT ON TABLE public.t TO app;
