-- difference: not down: + GRANT ALL ON TABLE <- GRANT ALL ON TO PUBLIC | GRANT
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
GRANT SELECT ON t TO app;
-- revision
GRANT ALL (id) ON t TO app, PUBLIC;
