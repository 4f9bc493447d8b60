-- difference: rows <- ALTER TABLE ADD COLUMN; CREATE RULE AS ON UPDATE TO DO ALSO UPDATE; UPDATE SET WHERE; DROP RULE ON; UPDATE SET WHERE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE s (id int PRIMARY KEY, n int);
CREATE TABLE t (id int PRIMARY KEY);
INSERT INTO s SELECT g, g FROM generate_series(1, 100) g;
INSERT INTO t SELECT g FROM generate_series(1, 100) g;
-- revision
ALTER TABLE t ADD COLUMN z int;
CREATE RULE r AS ON UPDATE TO s DO ALSO UPDATE t SET z = 5 WHERE id = NEW.id;
UPDATE s SET n = 0 WHERE id < 10;
DROP RULE r ON s;
UPDATE t SET z = 7 + id WHERE id < 20;
