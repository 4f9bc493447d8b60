-- difference: dead end: 42809 <- DROP TABLE; CREATE MATERIALIZED VIEW IF NOT EXISTS AS SELECT AS
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
CREATE TABLE o (id int);
-- revision
DROP TABLE t;
CREATE MATERIALIZED VIEW IF NOT EXISTS t AS SELECT count(*) AS n FROM o;
-- rollback: 001_change expand-1: "t" is not a materialized view [42809]
