-- difference: not rolled back <- DROP FUNCTION; UPDATE SET SELECT FROM WHERE | CHECK DOMAIN EXTENSION FUNCTION IS POLICY RESTRICTIVE RETURNS STABLE USING @ back
-- right: as psql
-- status: fixed
-- way: back
-- setup
CREATE DOMAIN word_d AS text CHECK (length(VALUE) < 100);
CREATE EXTENSION citext;
CREATE TABLE owners (id int PRIMARY KEY, title text, rank int);
CREATE TABLE main (id serial PRIMARY KEY, n int, title text, owner_id int, email citext);
INSERT INTO main (n, title, owner_id, email) SELECT g, repeat('wide ', 800) || g, 1 + g % 9, (CASE g % 4 WHEN 0 THEN '' WHEN 1 THEN 'bob' WHEN 2 THEN 'Bob' ELSE NULL END)::citext FROM generate_series(1, 3) g;
INSERT INTO owners (id, title, rank) SELECT g, (CASE g % 4 WHEN 0 THEN 'new' WHEN 1 THEN 'O''Brien' WHEN 2 THEN '0' ELSE NULL END)::text, (CASE g % 4 WHEN 0 THEN 1 WHEN 1 THEN 13 WHEN 2 THEN 17 ELSE NULL END)::integer FROM generate_series(1, 3) g;
CREATE POLICY "a.b_y" ON main AS RESTRICTIVE USING (n > 63);
CREATE FUNCTION users_f(r main) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1::text';
CREATE POLICY "a""b_y" ON main FOR SELECT USING (title IS NULL);
-- revision
DROP FUNCTION users_f(r main);
-- revision
UPDATE main SET owner_id = (SELECT o.rank FROM owners o WHERE o.id = main.owner_id);
-- main: 3 rows, wanted 3
