-- difference: schema: + ALTER TABLE CLUSTER ON / + CLUSTER MARK OF ON / - ALTER TABLE CLUSTER ON / - CLUSTER MARK OF ON <- ALTER TABLE ALTER TYPE USING; ALTER TABLE CLUSTER ON | CLUSTER UNIQUE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE t (id int PRIMARY KEY, a numeric UNIQUE);
INSERT INTO t SELECT g, g FROM generate_series(1,20) g;
ALTER TABLE t CLUSTER ON t_a_key;
-- revision
ALTER TABLE t ALTER a TYPE bigint USING a::bigint;
ALTER TABLE t CLUSTER ON t_pkey;
-- - ALTER TABLE public.t CLUSTER ON t_pkey;
-- - CLUSTER MARK OF t_pkey ON t
-- + ALTER TABLE public.t CLUSTER ON t_a_key;
-- + CLUSTER MARK OF t_a_key ON t
