-- difference: bare error: 55000 <- ALTER TABLE ADD PRIMARY KEY; UPDATE SET; ALTER TABLE RENAME COLUMN TO
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE main (id bigint NOT NULL, n int DEFAULT 0, said text);
INSERT INTO main SELECT g, g, 'x' FROM generate_series(1, 30) g;
CREATE PUBLICATION status_pub FOR TABLE main;
-- revision
ALTER TABLE main ADD PRIMARY KEY (id);
UPDATE main SET n = n + 1;
ALTER TABLE main RENAME COLUMN said TO teams;
