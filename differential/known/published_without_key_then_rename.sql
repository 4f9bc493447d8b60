-- difference: dead end: 55000 <- ALTER TABLE DROP CONSTRAINT; INSERT INTO VALUES ON CONFLICT DO NOTHING; ALTER TABLE RENAME COLUMN TO
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE main (id bigint PRIMARY KEY, n int DEFAULT 0, said text);
INSERT INTO main SELECT g, g, 'x' FROM generate_series(1, 30) g;
CREATE PUBLICATION status_pub FOR TABLE main;
-- revision
ALTER TABLE main DROP CONSTRAINT main_pkey;
INSERT INTO main (id, n) VALUES (15, 12) ON CONFLICT DO NOTHING;
ALTER TABLE main RENAME COLUMN id TO notes;
