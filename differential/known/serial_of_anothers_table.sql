-- difference: half way: 55000 <- ALTER TABLE OWNER TO; ALTER TABLE ADD COLUMN | CHECK DOMAIN @ split
-- right: as psql
-- status: fixed
-- way: split
-- setup
CREATE DOMAIN word_d AS text CHECK (length(VALUE) < 100);
CREATE TABLE main (said word_d);
INSERT INTO main (said) SELECT (CASE g % 4 WHEN 0 THEN 'x' WHEN 1 THEN 'x' WHEN 2 THEN '12' ELSE NULL END)::word_d FROM generate_series(1, 1) g;
-- revision
ALTER TABLE main OWNER TO reader;
ALTER TABLE main ADD COLUMN "größe" bigserial;
-- upgrade: 002_change expand-1: sequence must have same owner as table it is linked to [55000]
