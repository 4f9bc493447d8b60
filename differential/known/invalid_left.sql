-- difference: dead end: 42P07 <- CREATE INDEX IF NOT EXISTS ON | INDEX SET UPDATE WHERE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int);
INSERT INTO t SELECT g, g FROM generate_series(1, 3000) g;
CREATE INDEX i ON t (a);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass;
-- revision
CREATE INDEX IF NOT EXISTS i ON t (a);
-- upgrade: 001_change contract-1: relation "i" already exists [42P07]
-- rollback: the contract of 001_change has begun: finish it with `concertina contract`, then `concertina downgrade`
