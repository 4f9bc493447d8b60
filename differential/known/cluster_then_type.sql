-- difference: schema: - ALTER TABLE CLUSTER ON / - CLUSTER MARK OF ON <- ALTER TABLE CLUSTER ON; ALTER TABLE ALTER TYPE USING | UNIQUE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a numeric UNIQUE);
INSERT INTO t SELECT g, g FROM generate_series(1,20) g;
-- revision
ALTER TABLE t CLUSTER ON t_a_key;
ALTER TABLE t ALTER a TYPE bigint USING a::bigint;
-- - ALTER TABLE public.t CLUSTER ON t_a_key;
-- - CLUSTER MARK OF t_a_key ON t
