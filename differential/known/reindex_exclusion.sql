-- difference: bare error: 0A000 <- REINDEX INDEX | CONSTRAINT EXCLUDE USING WITH
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT x EXCLUDE USING btree (a WITH =));
-- revision
REINDEX INDEX x;
-- 001_change backfill-1: concurrent index creation for exclusion constraints is not supported [0A000]
