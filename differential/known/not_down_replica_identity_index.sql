-- difference: not down: - ALTER TABLE ONLY REPLICA <- ALTER TABLE RENAME COLUMN TO; DROP INDEX
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE main (id bigint NOT NULL, n int DEFAULT 0, said text);
CREATE UNIQUE INDEX main_u ON main (id);
ALTER TABLE main REPLICA IDENTITY USING INDEX main_u;
INSERT INTO main SELECT g, g, 'x' FROM generate_series(1, 30) g;
CREATE PUBLICATION status_pub FOR TABLE main;
-- revision
ALTER TABLE main RENAME COLUMN said TO teams;
DROP INDEX main_u;
