-- difference: rows <- UPDATE SET WHERE; WITH AS DELETE INSERT INTO SELECT FROM WHERE EXISTS; INSERT INTO SELECT FROM
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE s (id int PRIMARY KEY, n int);
CREATE TABLE t (id int PRIMARY KEY, v text);
CREATE TABLE a (n bigint);
CREATE TABLE b (n bigint);
INSERT INTO s SELECT g, g FROM generate_series(1, 100) g;
INSERT INTO t SELECT g, 'v' FROM generate_series(1, 30) g;
-- revision
UPDATE t SET v = 'q' WHERE id < 5;
WITH d AS (DELETE FROM s WHERE n < 50 RETURNING id) INSERT INTO a SELECT d.id FROM d WHERE EXISTS (SELECT 1 FROM t WHERE v = 'q');
INSERT INTO b SELECT -count(*) FROM s;
