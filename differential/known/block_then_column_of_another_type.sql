-- difference: refused: C120 <- DO BEGIN ALTER TABLE ADD COLUMN END; ALTER TABLE ADD COLUMN IF NOT EXISTS DEFAULT
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
DO $$ BEGIN ALTER TABLE t ADD COLUMN c text; END $$;
ALTER TABLE t ADD COLUMN IF NOT EXISTS c int DEFAULT 5;
ALTER TABLE t ADD COLUMN IF NOT EXISTS d int DEFAULT 5;
