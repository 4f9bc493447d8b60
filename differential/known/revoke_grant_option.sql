-- difference: not down: - GRANT SELECT ON TABLE <- REVOKE GRANT OPTION FOR SELECT ON FROM | GRANT OPTION WITH
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
GRANT SELECT ON t TO app WITH GRANT OPTION; GRANT SELECT (a) ON t TO app WITH GRANT OPTION;
-- revision
REVOKE GRANT OPTION FOR SELECT ON t FROM app;
