-- difference: dead end: 2BP01 <- CREATE SCHEMA IF NOT EXISTS | SCHEMA
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE SCHEMA z;
CREATE TABLE z.t (id int);
-- revision
CREATE SCHEMA IF NOT EXISTS z;
-- downgrade: 001_change contract-1: cannot drop schema z because other objects depend on it (table z.t depends on schema z) [2BP01]
