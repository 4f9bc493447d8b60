-- difference: refused: C120 <- DO BEGIN ALTER TABLE DROP COLUMN END; ALTER TABLE ADD COLUMN IF NOT EXISTS DEFAULT; UPDATE SET
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
DO $$ BEGIN ALTER TABLE t DROP COLUMN b; END $$;
ALTER TABLE t ADD COLUMN IF NOT EXISTS b int DEFAULT 1;
UPDATE t SET b = id;
