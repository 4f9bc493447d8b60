-- difference: rows <- ALTER TABLE RENAME TO; ALTER TABLE ADD | ANALYZE
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
ANALYZE;
-- revision
ALTER TABLE t RENAME id TO old_id;
ALTER TABLE t ADD nid bigserial;
