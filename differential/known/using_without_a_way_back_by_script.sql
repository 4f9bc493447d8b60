-- difference: false refusal: C113 <- ALTER TABLE ALTER TYPE USING; UPDATE SET @ scripts
-- right: as psql
-- status: fixed
-- way: scripts
-- setup
CREATE TABLE t (id int PRIMARY KEY, n int, title text); INSERT INTO t SELECT g, g, g FROM generate_series(1,60) g;
-- revision
ALTER TABLE t ALTER title TYPE text USING lower(title);
UPDATE t SET n = n + 1;
