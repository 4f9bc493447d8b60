-- difference: bare error: 42883 <- CREATE EXTENSION; ALTER TABLE ALTER COLUMN TYPE USING
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t SELECT g, g, $$v$$ || g FROM generate_series(1, 50) g;
-- revision
CREATE EXTENSION pgcrypto;
ALTER TABLE t ALTER COLUMN b TYPE text USING encode(digest(b, 'sha256'), 'hex');
