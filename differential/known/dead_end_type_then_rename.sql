-- difference: dead end: 2BP01 <- ALTER TABLE ALTER COLUMN TYPE; ALTER TABLE RENAME COLUMN TO
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE p (id bigint PRIMARY KEY, qty int);
INSERT INTO p SELECT g, CASE g % 4 WHEN 0 THEN 15 WHEN 1 THEN 15 WHEN 2 THEN 16 END FROM generate_series(1, 20) g;
-- revision
ALTER TABLE p ALTER COLUMN qty TYPE bigint;
ALTER TABLE p RENAME COLUMN qty TO files;
