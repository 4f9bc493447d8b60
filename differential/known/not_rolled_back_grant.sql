-- difference: not rolled back: + GRANT SELECT ON TABLE <- ALTER TABLE RENAME COLUMN TO; GRANT SELECT ON TO WITH GRANT OPTION @ back
-- right: as psql
-- status: fixed
-- way: back
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
ALTER TABLE t RENAME COLUMN a TO c;
GRANT SELECT ON t TO app WITH GRANT OPTION;
-- + GRANT SELECT ON TABLE public.t TO app WITH GRANT OPTION;
