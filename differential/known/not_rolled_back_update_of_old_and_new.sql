-- difference: not rolled back <- ALTER TABLE ADD COLUMN; UPDATE SET WHERE IS NULL @ back
-- right: as psql
-- status: fixed
-- way: back
-- setup
CREATE TABLE t (id int PRIMARY KEY, n int, o int);
INSERT INTO t SELECT g, CASE WHEN g%2=0 THEN g END, g FROM generate_series(1,300) g;
-- revision
ALTER TABLE t ADD COLUMN s text;
UPDATE t SET s = 'new', n = o + 1 WHERE n IS NULL;
