-- difference: refused: C105 <- ALTER TABLE DROP CONSTRAINT; TRUNCATE | REFERENCES
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
CREATE TABLE k (id serial PRIMARY KEY, t_id int REFERENCES t);
INSERT INTO k (t_id) SELECT g FROM generate_series(1, 50) g;
-- revision
ALTER TABLE k DROP CONSTRAINT k_t_id_fkey;
TRUNCATE t;
