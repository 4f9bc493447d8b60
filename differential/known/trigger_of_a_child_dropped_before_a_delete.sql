-- difference: rows <- DROP TRIGGER ON; DELETE FROM WHERE | ANALYZE BEFORE CASCADE DELETE EACH EXECUTE FUNCTION INDEX REFERENCES RETURNS ROW TRIGGER
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY);
INSERT INTO t SELECT i FROM generate_series(1, 300) i;
CREATE TABLE au (x int);
CREATE TABLE k (id int PRIMARY KEY, t_id int REFERENCES t ON DELETE CASCADE);
CREATE INDEX ON k (t_id);
INSERT INTO k SELECT i, i FROM generate_series(1, 200) i;
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'begin insert into au values (1); return old; end';
CREATE TRIGGER tg BEFORE DELETE ON k FOR EACH ROW EXECUTE FUNCTION g();
ANALYZE;
-- revision
DROP TRIGGER tg ON k;
DELETE FROM t WHERE id < 10;
