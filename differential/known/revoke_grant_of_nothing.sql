-- difference: schema: - GRANT SELECT ON TABLE <- REVOKE ALL ON FROM; GRANT SELECT ON TO
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
REVOKE ALL ON t FROM app;
GRANT SELECT ON t TO app;
-- - GRANT SELECT ON TABLE public.t TO app;
