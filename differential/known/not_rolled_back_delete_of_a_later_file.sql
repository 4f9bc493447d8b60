-- difference: rows <- COMMENT ON TABLE IS; ALTER TABLE RENAME TO; DELETE FROM WHERE IN SELECT FROM ORDER BY LIMIT @ back
-- right: as psql
-- status: fixed
-- way: back
-- setup
CREATE TABLE k (id int PRIMARY KEY, n int);
CREATE TABLE t (id int PRIMARY KEY, n int, o int);
INSERT INTO t SELECT g, g, g FROM generate_series(1,300) g;
INSERT INTO k SELECT g, g FROM generate_series(1,300) g;
-- revision
COMMENT ON TABLE t IS 'hello';
-- revision
ALTER TABLE k RENAME TO k2;
DELETE FROM t WHERE id IN (SELECT id FROM t ORDER BY id LIMIT 5);
