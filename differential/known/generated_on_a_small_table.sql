-- difference: refused: C105 <- ALTER TABLE ADD COLUMN GENERATED ALWAYS AS STORED; CREATE INDEX ON; UPDATE SET WHERE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t SELECT g, g, 'X' || g FROM generate_series(1, 50) g;
-- revision
ALTER TABLE t ADD COLUMN low text GENERATED ALWAYS AS (lower(b)) STORED;
CREATE INDEX i ON t (low);
UPDATE t SET b = 'Y' WHERE a > 40;
