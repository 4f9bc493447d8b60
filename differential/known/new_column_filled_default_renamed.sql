-- difference: dead end: 42703 <- ALTER TABLE ADD COLUMN; UPDATE SET; ALTER TABLE ALTER COLUMN SET DEFAULT; ALTER TABLE RENAME COLUMN TO
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t SELECT g, g, $$v$$ || g FROM generate_series(1, 50) g;
-- revision
ALTER TABLE t ADD COLUMN k boolean;
UPDATE t SET k = a > 10;
ALTER TABLE t ALTER COLUMN k SET DEFAULT true;
ALTER TABLE t RENAME COLUMN k TO z;
