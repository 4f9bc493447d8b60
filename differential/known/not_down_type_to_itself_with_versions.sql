-- difference: not down: RETURN 0A000 <- ALTER TABLE ALTER COLUMN TYPE @ versions
-- right: as psql
-- status: fixed
-- way: versions
-- setup
CREATE TABLE a (n int);
-- revision
ALTER TABLE a ALTER COLUMN n TYPE integer;
-- downgrade: 001_change expand-1: cannot alter type of a column used by a view or rule (rule _RETURN on view public_001_change.a depends on column "n") [0A000]
