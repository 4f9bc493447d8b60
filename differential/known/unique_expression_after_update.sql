-- difference: half way: 23505 <- UPDATE SET WHERE; CREATE UNIQUE INDEX ON WHERE; CREATE UNIQUE INDEX ON
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, e text, k int);
INSERT INTO t SELECT g, CASE WHEN g % 9 = 0 THEN 'Bob' ELSE 'x' || g END, g % 5 FROM generate_series(1, 50) g;
-- revision
UPDATE t SET e = e || id WHERE e = 'Bob';
CREATE UNIQUE INDEX i ON t (e, (k + 1)) WHERE k < 3;
CREATE UNIQUE INDEX i2 ON t (lower(e), (1));
