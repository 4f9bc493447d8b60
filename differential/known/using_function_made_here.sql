-- difference: bare error: 42883 <- CREATE FUNCTION RETURNS LANGUAGE IMMUTABLE AS SELECT; ALTER TABLE ALTER COLUMN TYPE USING
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t SELECT g, g, $$v$$ || g FROM generate_series(1, 50) g;
-- revision
CREATE FUNCTION f(text) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT length($1) $$;
ALTER TABLE t ALTER COLUMN b TYPE int USING f(b);
