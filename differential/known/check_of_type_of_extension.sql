-- difference: bare error: 42704 <- CREATE EXTENSION; ALTER TABLE ADD CONSTRAINT CHECK BOB; ALTER TABLE ALTER COLUMN TYPE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t SELECT g, g, $$v$$ || g FROM generate_series(1, 50) g;
-- revision
CREATE EXTENSION citext;
ALTER TABLE t ADD CONSTRAINT c CHECK (b::citext <> 'BOB');
ALTER TABLE t ALTER COLUMN b TYPE citext;
