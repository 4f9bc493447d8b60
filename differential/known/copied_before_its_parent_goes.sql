-- difference: rows <- ALTER TABLE ADD; UPDATE SET; DELETE FROM WHERE | ANALYZE CASCADE DELETE INDEX REFERENCES SET UPDATE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE r (id int PRIMARY KEY, n int);
INSERT INTO r SELECT i, i * 2 FROM generate_series(1, 2000) i;
CREATE TABLE c (id int PRIMARY KEY, rid int REFERENCES r ON DELETE SET NULL ON UPDATE CASCADE, pad text);
INSERT INTO c SELECT i, 1 + i % 2000, repeat('x', 500) FROM generate_series(1, 3000) i;
CREATE INDEX ON c (rid);
ANALYZE;
-- revision
ALTER TABLE c ADD nm int;
UPDATE c SET nm = rid;
DELETE FROM r WHERE id % 3 = 0;
