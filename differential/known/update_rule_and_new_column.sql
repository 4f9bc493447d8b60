-- difference: rows <- ALTER TABLE ADD COLUMN; UPDATE SET | BY COLUMN CONSTRAINT DEFAULT DO EXTENSION FOREIGN INSTEAD NOT NOTHING PARTITION RANGE REFERENCES RULE SET STATISTICS UPDATE WHERE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE EXTENSION citext;
CREATE TABLE main (id serial PRIMARY KEY, title text DEFAULT 'none');
CREATE TABLE parted (id bigint NOT NULL, title text, qty int) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (100000);
ALTER TABLE parted ADD PRIMARY KEY (id);
INSERT INTO main (title) SELECT 'v' || g FROM generate_series(1, 3) g;
INSERT INTO parted (id, title, qty) SELECT g, (CASE g % 4 WHEN 0 THEN 'a' WHEN 1 THEN 'b' WHEN 2 THEN '12' ELSE NULL END)::text, (CASE g % 4 WHEN 0 THEN 12 WHEN 1 THEN 3 WHEN 2 THEN 2 ELSE NULL END)::integer FROM generate_series(1, 3) g;
ALTER TABLE parted ADD CONSTRAINT leads_c FOREIGN KEY (qty) REFERENCES main (id);
CREATE RULE team_id_r AS ON UPDATE TO main WHERE old.id % 3 = 1 DO INSTEAD NOTHING;
ALTER TABLE main ALTER COLUMN title SET STATISTICS 66;
-- revision
ALTER TABLE main ADD COLUMN teams boolean;
UPDATE main SET teams = true;
-- main: 3 rows, wanted 3
