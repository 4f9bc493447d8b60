-- difference: bare error: 42883 <- CREATE FUNCTION RETURNS LANGUAGE IMMUTABLE AS SELECT; ALTER TABLE ADD COLUMN; UPDATE SET; ALTER TABLE ALTER SET NOT NULL
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t SELECT g, g, $$v$$ || g FROM generate_series(1, 50) g;
-- revision
CREATE FUNCTION f(text) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT length($1) $$;
ALTER TABLE t ADD COLUMN k int;
UPDATE t SET k = f(b);
ALTER TABLE t ALTER k SET NOT NULL;
