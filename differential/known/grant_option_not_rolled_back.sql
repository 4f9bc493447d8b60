-- difference: not rolled back: + GRANT SELECT ON TABLE <- GRANT SELECT ON TO WITH GRANT OPTION; ALTER TABLE DROP COLUMN | GRANT @ back
-- right: as psql
-- status: fixed
-- way: back
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
GRANT SELECT ON t TO reader;
-- revision
GRANT SELECT ON t TO reader WITH GRANT OPTION; ALTER TABLE t DROP COLUMN b;
