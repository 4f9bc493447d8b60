-- difference: rows <- CREATE RULE AS ON UPDATE TO WHERE IS NOT; ALTER TABLE RENAME TO; UPDATE SET
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE journal (what text, of text);
CREATE TABLE t (id int PRIMARY KEY, price text);
INSERT INTO t (id, price) SELECT g, 'v' || g FROM generate_series(1, 3) g;
-- revision
CREATE RULE r AS ON UPDATE TO t WHERE old.price IS NOT NULL DO ALSO INSERT INTO journal VALUES ('rule', 'ROW');
ALTER TABLE t RENAME TO u;
UPDATE u SET price = 'v2';
-- journal: 2 rows, wanted 3
