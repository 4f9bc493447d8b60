-- difference: rows <- DELETE FROM WHERE IS NULL | ANALYZE DELETE INDEX NULLIF REFERENCES SET
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE n (id int PRIMARY KEY, par int REFERENCES n ON DELETE SET NULL);
CREATE INDEX ON n (par);
INSERT INTO n SELECT i, NULLIF(i / 2, 0) FROM generate_series(1, 600) i;
ANALYZE;
-- revision
DELETE FROM n WHERE par IS NULL;
