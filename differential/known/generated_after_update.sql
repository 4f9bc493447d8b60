-- difference: refused: C105 <- UPDATE SET WHERE; ALTER TABLE ADD COLUMN GENERATED ALWAYS AS STORED NOT NULL; VACUUM ANALYZE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t SELECT g, g - 1, 'X' || g FROM generate_series(1, 50) g;
-- revision
UPDATE t SET a = 1 WHERE a = 0;
ALTER TABLE t ADD COLUMN low int GENERATED ALWAYS AS (100 / a) STORED NOT NULL;
VACUUM ANALYZE t;
