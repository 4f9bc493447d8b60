-- difference: rows <- UPDATE SET FROM WHERE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE main (id int PRIMARY KEY, n int, title text, owner_id int);
CREATE TABLE p (id bigint PRIMARY KEY, qty int);
INSERT INTO main SELECT g, g, 'x', 1 + g % 9 FROM generate_series(1, 20) g;
INSERT INTO p SELECT g, CASE g % 4 WHEN 0 THEN 15 WHEN 1 THEN 15 WHEN 2 THEN 16 END FROM generate_series(1, 20) g;
-- revision
UPDATE p SET qty = o.owner_id FROM main o WHERE o.id = p.qty;
