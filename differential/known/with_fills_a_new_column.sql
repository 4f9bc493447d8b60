-- difference: rows <- ALTER TABLE ADD COLUMN; WITH AS UPDATE INSERT INTO SELECT FROM; UPDATE SET WHERE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE s (id int PRIMARY KEY, n int);
CREATE TABLE a (n bigint);
INSERT INTO s SELECT g, g FROM generate_series(1, 100) g;
-- revision
ALTER TABLE s ADD COLUMN z int;
WITH w AS (UPDATE s SET z = 5 WHERE n < 50 RETURNING id) INSERT INTO a SELECT w.id FROM w;
UPDATE s SET z = 7 + n WHERE n < 20;
