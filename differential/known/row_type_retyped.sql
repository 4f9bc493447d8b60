-- difference: psql refuses: 0A000 <- ALTER TABLE ALTER COLUMN TYPE | ROW
-- right: refused
-- status: fixed
-- way: plain
-- setup
CREATE TABLE o (id int, rank int);
CREATE TABLE t (id int, boss o);
INSERT INTO t VALUES (1, ROW(1, 2)::o);
INSERT INTO o VALUES (1, 2);
-- revision
ALTER TABLE o ALTER COLUMN rank TYPE text;
-- 0A000: cannot alter table "o" because column "t.boss" uses its row type
