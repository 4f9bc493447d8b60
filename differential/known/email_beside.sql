-- difference: application: LOST <- ALTER TABLE RENAME COLUMN TO | EXTENSION @ beside
-- right: as psql
-- status: fixed
-- way: beside
-- setup
CREATE EXTENSION citext;
CREATE TABLE t (id int PRIMARY KEY, email citext);
INSERT INTO t SELECT g, 'bob' FROM generate_series(1, 3000) g;
-- revision
ALTER TABLE t RENAME COLUMN email TO mail;
-- LOST mail of t: Some(Some("bob")), acknowledged Some("Bob")
-- LOST mail of t: Some(Some("bob")), acknowledged Some("Bob")
-- LOST mail of t: Some(Some("bob")), acknowledged Some("Bob")
-- LOST mail of t: Some(Some("bob")), acknowledged Some("Bob")
