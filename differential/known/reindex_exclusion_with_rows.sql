-- difference: bare error: 0A000 <- REINDEX INDEX | CONSTRAINT EXCLUDE USING WITH
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT x EXCLUDE USING btree (a WITH =));
INSERT INTO t SELECT g, g FROM generate_series(1, 20) g;
-- revision
REINDEX INDEX x;
