-- difference: rows <- CREATE MATERIALIZED VIEW AS SELECT AS FROM; UPDATE SET WHERE; REFRESH MATERIALIZED VIEW
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
CREATE TABLE audit (what text, n int);
CREATE TABLE tot (k int);
INSERT INTO t SELECT g, g, $x$X$x$ || g FROM generate_series(1, 50) g;
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $x$ BEGIN INSERT INTO audit VALUES (TG_OP, NEW.a); RETURN NULL; END $x$;
CREATE TRIGGER tr AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tf();
-- revision
CREATE MATERIALIZED VIEW mv AS SELECT count(*) AS c FROM audit;
UPDATE t SET b = $$q$$ WHERE a < 20;
REFRESH MATERIALIZED VIEW mv;
