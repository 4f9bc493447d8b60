-- difference: half way: 42P07 <- ALTER TABLE RENAME TO; CREATE TABLE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
-- revision
ALTER TABLE t RENAME TO t_old;
CREATE TABLE t (id bigint PRIMARY KEY);
-- upgrade: 001_change expand-2: relation "t" already exists [42P07]
