-- difference: bare error: 42P13 <- DROP FUNCTION IF EXISTS; CREATE OR REPLACE FUNCTION RETURNS LANGUAGE AS SELECT | FUNCTION RETURNS
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- revision
DROP FUNCTION IF EXISTS f(int);
CREATE OR REPLACE FUNCTION f(int) RETURNS text LANGUAGE sql AS 'SELECT ''x''';
-- 001_change expand-1: cannot change return type of existing function [42P13]
