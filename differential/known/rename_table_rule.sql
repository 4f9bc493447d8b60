-- difference: dead end: 42704 <- ALTER TABLE RENAME TO; CREATE RULE AS ON DELETE TO WHERE DO INSTEAD
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
-- revision
ALTER TABLE t RENAME TO u;
CREATE RULE r AS ON DELETE TO u WHERE old.a = 1 DO INSTEAD NOTHING;
-- downgrade: 001_change contract-1: rule "r" for relation "u" does not exist [42704]
