-- difference: rows <- ALTER TABLE DROP CONSTRAINT; ALTER TABLE ADD PRIMARY KEY; ALTER TABLE ADD FOREIGN KEY REFERENCES | ANALYZE SET UNIQUE UPDATE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
ALTER TABLE t ADD u int;
UPDATE t SET u = id;
ALTER TABLE t ADD UNIQUE (u);
CREATE TABLE r (id int PRIMARY KEY, x int);
INSERT INTO r SELECT i, i FROM generate_series(1, 100) i;
ANALYZE;
-- revision
ALTER TABLE t DROP CONSTRAINT t_pkey;
ALTER TABLE t ADD PRIMARY KEY (u);
ALTER TABLE r ADD FOREIGN KEY (x) REFERENCES t;
