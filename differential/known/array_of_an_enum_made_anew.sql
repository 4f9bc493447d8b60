-- difference: rows <- ALTER TYPE RENAME TO; CREATE TYPE AS ENUM; ALTER TABLE ALTER DROP DEFAULT ALTER TYPE USING ALTER; DROP TYPE | ANALYZE DEFAULT ENUM TYPE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TYPE st AS ENUM ('a', 'b', 'c');
CREATE TABLE t (id int PRIMARY KEY, a int, b int, pad text);
INSERT INTO t SELECT i, i % 7, NULL, repeat('x', 500) FROM generate_series(1, 2000) i;
ALTER TABLE t ADD s st[] DEFAULT '{a}';
ANALYZE;
-- revision
ALTER TYPE st RENAME TO st_old;
CREATE TYPE st AS ENUM ('a', 'b');
ALTER TABLE t ALTER s DROP DEFAULT, ALTER s TYPE st[] USING s::text[]::st[], ALTER s SET DEFAULT '{b}';
DROP TYPE st_old;
