-- difference: half way: 42P01 <- ALTER TABLE ADD COLUMN; ALTER SEQUENCE RENAME TO; ALTER SEQUENCE INCREMENT
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 3000) g;
-- revision
ALTER TABLE t ADD COLUMN n serial;
ALTER SEQUENCE t_n_seq RENAME TO numbers;
ALTER SEQUENCE numbers INCREMENT 2;
