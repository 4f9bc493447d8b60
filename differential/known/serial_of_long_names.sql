-- difference: rows <- ALTER TABLE ADD | ANALYZE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd (id int PRIMARY KEY);
INSERT INTO aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd SELECT generate_series(1, 200);
ANALYZE;
-- revision
ALTER TABLE aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd ADD eeeeeeeeeeffffffffffgggggggggghhhhhhhhhhi serial;
