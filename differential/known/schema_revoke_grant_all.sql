-- difference: schema: + GRANT ON TABLE TO / - GRANT ALL ON TABLE <- REVOKE SELECT ON FROM; GRANT ALL ON TO | BY NOT PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE parted (id bigint NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (100000);
ALTER TABLE parted ADD PRIMARY KEY (id);
INSERT INTO parted (id) SELECT g FROM generate_series(1, 0) g;
-- revision
REVOKE SELECT ON parted FROM reader;
GRANT ALL ON parted TO reader;
-- - GRANT ALL ON TABLE public.parted TO reader;
-- + GRANT INSERT,REFERENCES,DELETE,TRIGGER,TRUNCATE,UPDATE ON TABLE public.parted TO reader;
