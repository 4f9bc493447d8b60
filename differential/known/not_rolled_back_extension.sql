-- difference: not rolled back: + COMMENT ON EXTENSION IS / + CREATE EXTENSION IF NOT / + EXTENSION <- ALTER TABLE RENAME COLUMN TO; CREATE EXTENSION IF NOT EXISTS @ back
-- right: as psql
-- status: fixed
-- way: back
-- setup
CREATE TABLE owners (id int PRIMARY KEY, title text, rank int);
INSERT INTO owners (id, title, rank) SELECT g, (CASE g % 4 WHEN 0 THEN '12' WHEN 1 THEN 'O''Brien' WHEN 2 THEN '12' ELSE NULL END)::text, g FROM generate_series(1, 0) g;
-- revision
ALTER TABLE owners RENAME COLUMN rank TO email;
CREATE EXTENSION IF NOT EXISTS hstore;
-- + COMMENT ON EXTENSION hstore IS 'data type for storing sets of (key, value) pairs';
-- + CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public;
-- + EXTENSION hstore 1.8
