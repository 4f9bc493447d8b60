-- difference: half way: 23505 <- ALTER TABLE ADD COLUMN; CREATE UNIQUE INDEX ON
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, e text, k int);
INSERT INTO t SELECT g, CASE WHEN g % 9 = 0 THEN 'Bob' ELSE 'x' || g END, g % 5 FROM generate_series(1, 50) g;
-- revision
ALTER TABLE t ADD COLUMN z int;
CREATE UNIQUE INDEX ON t (lower(e));
