-- difference: false refusal: C109 <- DROP TABLE CASCADE; DROP TABLE IF EXISTS CASCADE | BY DEFAULT PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE m (id int, n int); INSERT INTO m SELECT g FROM generate_series(1,60) g; CREATE TABLE q (a int) PARTITION BY RANGE (a); CREATE TABLE q1 PARTITION OF q DEFAULT;
-- revision
DROP TABLE m CASCADE;
DROP TABLE IF EXISTS q, nothere CASCADE;
