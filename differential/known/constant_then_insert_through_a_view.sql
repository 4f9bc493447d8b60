-- difference: rows <- ALTER TABLE ADD; UPDATE SET; INSERT INTO VALUES | ANALYZE VIEW
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
CREATE VIEW tv AS SELECT id, a FROM t;
ANALYZE;
-- revision
ALTER TABLE t ADD d int;
UPDATE t SET d = 7;
INSERT INTO tv VALUES (9000, 5);
