-- difference: not down: - GRANT SELECT ON TABLE <- REVOKE ALL ON FROM | GRANT OPTION UPDATE WITH
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
GRANT SELECT (a), INSERT (b) ON t TO app; GRANT SELECT, UPDATE ON t TO app WITH GRANT OPTION;
-- revision
REVOKE ALL ON t FROM app;
