-- difference: refused: C109 <- DROP VIEW IF EXISTS CASCADE; CREATE VIEW AS SELECT FROM; CREATE VIEW AS SELECT FROM
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE o (id int PRIMARY KEY, n text);
CREATE TABLE t (id int PRIMARY KEY, a int, b text, o_id int REFERENCES o (id));
INSERT INTO o SELECT g, g::text FROM generate_series(1, 50) g;
INSERT INTO t SELECT g, g, g, g FROM generate_series(1, 50) g;
CREATE VIEW v AS SELECT id, b FROM t;
CREATE VIEW w AS SELECT id FROM v;
CREATE MATERIALIZED VIEW mv AS SELECT b FROM v;
CREATE VIEW x AS SELECT v.id FROM v JOIN w ON v.id = w.id;
-- revision
DROP VIEW IF EXISTS v CASCADE;
CREATE VIEW v AS SELECT id, a FROM t;
CREATE VIEW w AS SELECT a FROM v;
