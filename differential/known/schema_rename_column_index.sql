-- difference: schema: + CREATE INDEX ON USING / - CREATE INDEX ON USING <- ALTER TABLE RENAME COLUMN TO; ALTER INDEX RENAME TO | INDEX
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t (id, a, b) SELECT g, g % 7, 'v' || g FROM generate_series(1, 200) g;
CREATE INDEX i ON t (a);
-- revision
ALTER TABLE t RENAME COLUMN a TO c;
ALTER INDEX i RENAME TO c_i;
-- - CREATE INDEX c_i ON public.t USING btree (c);
-- + CREATE INDEX i ON public.t USING btree (c);
