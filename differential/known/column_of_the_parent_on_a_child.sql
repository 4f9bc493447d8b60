-- difference: false refusal: C102 <- ALTER TABLE ADD COLUMN; ALTER TABLE ALTER SET DEFAULT; UPDATE SET | INHERITS
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE m (id int PRIMARY KEY, a int); CREATE TABLE k (t int) INHERITS (m); INSERT INTO m SELECT g, g FROM generate_series(1,20) g; INSERT INTO k SELECT g, g, g FROM generate_series(31,40) g;
-- revision
ALTER TABLE m ADD COLUMN c int;
ALTER TABLE k ALTER c SET DEFAULT 8;
UPDATE k SET c = 1;
