-- difference: rows <- ALTER TABLE ADD COLUMN DEFAULT NOT NULL | BEFORE BEGIN EACH EXECUTE FUNCTION NEW OLD RETURN RETURNS ROW TRIGGER UPDATE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE FUNCTION bump() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n := coalesce(OLD.n, 0) + 1; RETURN NEW; END $$;
CREATE TABLE t (id int PRIMARY KEY, n int);
INSERT INTO t SELECT g, g FROM generate_series(1,20) g;
CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION bump();
-- revision
ALTER TABLE t ADD COLUMN c timestamptz DEFAULT clock_timestamp() NOT NULL;
-- t: 20 rows, wanted 20
