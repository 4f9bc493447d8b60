-- difference: schema <- CREATE INDEX ON | ANALYZE BY FIRST INDEX NOT NULLS PARTITION RANGE
-- right: as psql
-- status: fixed
-- way: plain
-- setup
CREATE TABLE pt (id bigint NOT NULL, n int, x text) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF pt FOR VALUES FROM (0) TO (1000);
CREATE TABLE p2 PARTITION OF pt FOR VALUES FROM (1000) TO (100000);
INSERT INTO pt SELECT i, i % 5, 'x' || i FROM generate_series(1, 3000) i;
CREATE INDEX done_i ON p2 (id NULLS FIRST);
ANALYZE;
-- revision
CREATE INDEX ON pt (id);
