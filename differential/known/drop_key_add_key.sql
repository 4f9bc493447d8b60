-- difference: dead end: 42P07 <- ALTER TABLE DROP COLUMN; ALTER TABLE ADD PRIMARY KEY
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 3000) g;
-- revision
ALTER TABLE t DROP COLUMN id;
ALTER TABLE t ADD PRIMARY KEY (b);
-- contract: 001_change contract-3: relation "t_pkey" already exists [42P07]
