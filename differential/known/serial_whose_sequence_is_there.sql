-- difference: rows <- ALTER TABLE ADD | ANALYZE SEQUENCE
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
CREATE SEQUENCE t_z_seq;
ANALYZE;
-- revision
ALTER TABLE t ADD z serial;
