-- difference: not down: + COMMENT ON EXTENSION IS / + CREATE EXTENSION IF NOT / + EXTENSION <- CREATE EXTENSION IF NOT EXISTS
-- right: as psql
-- status: fixed
-- way: plain
-- setup
-- revision
CREATE EXTENSION IF NOT EXISTS hstore;
-- + COMMENT ON EXTENSION hstore IS 'data type for storing sets of (key, value) pairs';
-- + CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public;
-- + EXTENSION hstore 1.8
