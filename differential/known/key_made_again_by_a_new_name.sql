-- difference: dead end: 2BP01 <- ALTER TABLE RENAME CONSTRAINT TO; ALTER TABLE DROP CONSTRAINT; ALTER TABLE ADD CONSTRAINT PRIMARY KEY @ back
-- right: as psql
-- status: fixed
-- way: back
-- setup
CREATE TABLE owners (id int PRIMARY KEY, title text, rank int);
INSERT INTO owners (id, title, rank) SELECT g, 'v' || g, (CASE g % 4 WHEN 0 THEN 1 WHEN 1 THEN 10 WHEN 2 THEN 10 ELSE NULL END)::integer FROM generate_series(1, 3) g;
-- revision
ALTER TABLE owners RENAME CONSTRAINT owners_pkey TO label_k;
ALTER TABLE owners DROP CONSTRAINT label_k;
ALTER TABLE owners ADD CONSTRAINT label_k PRIMARY KEY (id);
-- rollback: 001_change contract-2: cannot drop index label_k because constraint label_k on table owners requires it [2BP01]
