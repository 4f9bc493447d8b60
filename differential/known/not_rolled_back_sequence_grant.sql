-- difference: not rolled back: + GRANT USAGE ON SEQUENCE <- GRANT USAGE ON SEQUENCE TO; ALTER TABLE RENAME COLUMN TO | SEQUENCE @ back
-- right: as psql
-- status: fixed
-- way: back
-- setup
CREATE SEQUENCE s;
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
GRANT USAGE ON SEQUENCE s TO app;
ALTER TABLE t RENAME COLUMN a TO c;
-- + GRANT USAGE ON SEQUENCE public.s TO app;
