-- Sequences, tables with their columns, and views.
, col AS (
    SELECT a.*, r.name AS relation, r.relkind, r.relispartition, r.reloftype, t.typstorage, d.oid AS default_oid,
           format_type(a.atttypid, a.atttypmod)
           || CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END AS type_sql,
           pg_get_expr(d.adbin, d.adrelid) AS expression,
           CASE WHEN a.attgenerated <> '' THEN format(' GENERATED ALWAYS AS (%s) %s', pg_get_expr(d.adbin, d.adrelid),
                CASE a.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END) ELSE '' END AS generated,
           coalesce((SELECT string_agg(format(' CONSTRAINT %I NOT NULL%s', conname, CASE WHEN connoinherit THEN ' NO INHERIT' ELSE '' END), '')
                     FROM pg_constraint WHERE conrelid = a.attrelid AND contype = 'n' AND conkey[1] = a.attnum AND convalidated),
                    CASE WHEN a.attnotnull AND current_setting('server_version_num')::int < 180000 THEN ' NOT NULL' ELSE '' END) AS refuses_null
    FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
    WHERE r.relkind IN ('r', 'p', 'v', 'm')
),
-- The columns of each table at once: to look through all of them for each would take the square of their number.
listed AS (
    SELECT attrelid, string_agg(format('%I %s%s%s', attname, type_sql, generated, refuses_null), ', ' ORDER BY attnum) AS columns
    FROM col WHERE attislocal OR attinhcount = 0 OR relispartition GROUP BY attrelid
),
-- Numbers of columns.
numbered AS (
    SELECT s.*, r.relname, r.name, r.relpersistence, d.refobjid, d.refobjsubid, d.deptype,
           format(' INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s', s.seqincrement, s.seqmin, s.seqmax, s.seqstart,
                  s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END) AS bounds
    FROM relation r JOIN pg_sequence s ON s.seqrelid = r.oid
    LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
)
SELECT 6::float8 AS place, 'pg_class'::regclass::oid AS class, s.seqrelid AS object, 'sequence' AS kind, '' AS relation, s.name, made AS definition, made AS sql
FROM numbered s, format('CREATE %sSEQUENCE %s AS %s%s', CASE s.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END, s.name, format_type(s.seqtypid, NULL), s.bounds) AS made
WHERE s.deptype IS DISTINCT FROM 'i'
UNION ALL
SELECT 8.2, 'pg_class'::regclass, s.seqrelid, 'owner of sequence', c.relation, s.name, made, made
FROM numbered s JOIN col c ON c.attrelid = s.refobjid AND c.attnum = s.refobjsubid, format('ALTER SEQUENCE %s OWNED BY %s.%I', s.name, c.relation, c.attname) AS made
WHERE s.deptype = 'a'
UNION ALL
SELECT 8.1, 'pg_class'::regclass, s.seqrelid, 'identity', c.relation, quote_ident(c.attname), made, made
FROM numbered s JOIN col c ON c.attrelid = s.refobjid AND c.attnum = s.refobjsubid,
     format('ALTER TABLE %s ALTER COLUMN %I ADD GENERATED %s AS IDENTITY (SEQUENCE NAME %s%s)', c.relation, c.attname,
            CASE c.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, s.name, s.bounds) AS made
WHERE s.deptype = 'i'
UNION ALL
SELECT 7, 'pg_class'::regclass, r.oid, 'table', '', r.name, 'CREATE TABLE' || head.tail, head.start || head.body || head.tail
FROM relation r LEFT JOIN pg_am am ON am.oid = r.relam LEFT JOIN pg_tablespace ts ON ts.oid = r.reltablespace
LEFT JOIN pg_class toast ON toast.oid = r.reltoastrelid LEFT JOIN listed own ON own.attrelid = r.oid, LATERAL (
    SELECT format('CREATE TABLE %s', r.name) AS start,
           CASE WHEN r.reloftype <> 0 THEN ' OF ' || format_type(r.reloftype, NULL) ELSE ' (' || concat_ws(', ',
               own.columns,
               (SELECT string_agg(format('CONSTRAINT %I %s', conname, pg_get_constraintdef(k.oid)), ', ' ORDER BY conname)
                FROM pg_constraint k WHERE k.conrelid = r.oid AND contype = 'c' AND convalidated AND (conislocal OR r.relispartition))) || ')' END AS body,
           coalesce(' INHERITS (' || (SELECT string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) FROM pg_inherits
                                      WHERE inhrelid = r.oid AND NOT r.relispartition) || ')', '')
           || coalesce(' PARTITION BY ' || CASE WHEN r.relkind = 'p' THEN pg_get_partkeydef(r.oid) END, '')
           || CASE WHEN am.amname <> 'heap' THEN format(' USING %I', am.amname) ELSE '' END
           || coalesce(' WITH (' || (SELECT string_agg(option, ', ') FROM (SELECT unnest(r.reloptions)
                                     UNION ALL SELECT 'toast.' || unnest(toast.reloptions)) AS o (option)) || ')', '')
           || coalesce(' TABLESPACE ' || quote_ident(ts.spcname), '') AS tail) AS head
WHERE r.relkind IN ('r', 'p')
UNION ALL
SELECT 7.1, 'pg_class'::regclass, r.oid, 'UNLOGGED', r.name, '', made, made
FROM relation r, format('ALTER TABLE %s SET UNLOGGED', r.name) AS made WHERE r.relkind IN ('r', 'p') AND r.relpersistence = 'u'
UNION ALL
SELECT 7, 'pg_class'::regclass, r.oid, 'foreign table', '', r.name, 'CREATE FOREIGN TABLE ' || r.name, '' FROM relation r WHERE r.relkind = 'f'
UNION ALL
SELECT 8, 'pg_class'::regclass, r.oid, 'partition', r.name, '', made, made
FROM relation r JOIN pg_inherits i ON i.inhrelid = r.oid,
     format('ALTER TABLE ONLY %s ATTACH PARTITION %s %s', i.inhparent::regclass, r.name, pg_get_expr(r.relpartbound, r.oid)) AS made
WHERE r.relkind IN ('r', 'p') AND r.relispartition
UNION ALL
-- A column as it is, to be compared; the table's statement makes it.
SELECT 7.5, 'pg_class'::regclass, attrelid, 'column', relation, quote_ident(attname),
       type_sql || generated || CASE attidentity WHEN 'a' THEN ' GENERATED ALWAYS AS IDENTITY' WHEN 'd' THEN ' GENERATED BY DEFAULT AS IDENTITY' ELSE '' END
       || CASE WHEN refuses_null = '' AND attnotnull THEN ' NOT NULL NOT VALID' ELSE refuses_null END
       || CASE WHEN attinhcount > 0 AND NOT relispartition THEN ' INHERITED' ELSE '' END, ''
FROM col WHERE relkind IN ('r', 'p')
UNION ALL
SELECT 7.6, 'pg_class'::regclass, attrelid, 'order of columns', relation, '', string_agg(quote_ident(attname), ', ' ORDER BY attnum), ''
FROM col WHERE relkind IN ('r', 'p') GROUP BY attrelid, relation
UNION ALL
-- What an inherited column refuses besides.
SELECT 8.3, 'pg_class'::regclass, c.attrelid, 'NOT NULL', c.relation, quote_ident(c.attname), '', format('ALTER TABLE ONLY %s ALTER COLUMN %I SET NOT NULL', c.relation, c.attname)
FROM col c WHERE c.attnotnull AND (NOT c.attislocal AND NOT c.relispartition OR c.reloftype <> 0)
    AND NOT EXISTS (SELECT FROM pg_inherits i JOIN pg_attribute p ON p.attrelid = i.inhparent AND p.attname = c.attname AND p.attnotnull WHERE i.inhrelid = c.attrelid)
    AND c.relkind IN ('r', 'p')
UNION ALL
SELECT 8.5, 'pg_attrdef'::regclass, default_oid, 'default', relation, quote_ident(attname), expression,
       format('ALTER TABLE ONLY %s ALTER COLUMN %I SET DEFAULT %s', relation, attname, expression)
FROM col WHERE default_oid IS NOT NULL AND attgenerated = ''
UNION ALL
SELECT 8.6, 'pg_class'::regclass, attrelid, 'column setting', relation, quote_ident(attname), made, made
FROM col c, LATERAL (
    SELECT string_agg(format('ALTER TABLE ONLY %s ALTER COLUMN %I %s', relation, attname, setting), '; ') FROM (
        SELECT 'SET STORAGE ' || CASE attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END WHERE attstorage <> typstorage
        UNION ALL SELECT 'SET COMPRESSION ' || CASE attcompression WHEN 'p' THEN 'pglz' ELSE 'lz4' END WHERE attcompression <> ''
        UNION ALL SELECT 'SET STATISTICS ' || attstattarget WHERE attstattarget >= 0
        UNION ALL SELECT 'SET (' || array_to_string(attoptions, ', ') || ')' WHERE attoptions IS NOT NULL) AS s (setting)) AS d (made)
WHERE made IS NOT NULL AND relkind IN ('r', 'p', 'm')
UNION ALL
SELECT CASE r.relkind WHEN 'm' THEN 12.6 ELSE 10 END, 'pg_class'::regclass, r.oid, CASE r.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END, '', r.name, made, made
FROM relation r LEFT JOIN pg_am am ON am.oid = r.relam LEFT JOIN pg_tablespace ts ON ts.oid = r.reltablespace, LATERAL (
    SELECT format('CREATE %s %s%s%s%s AS', CASE r.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, r.name,
                  CASE WHEN am.amname <> 'heap' THEN format(' USING %I', am.amname) ELSE '' END,
                  coalesce(' WITH (' || array_to_string(r.reloptions, ', ') || ')', ''), coalesce(' TABLESPACE ' || quote_ident(ts.spcname), ''))
           || E'\n' || rtrim(pg_get_viewdef(r.oid), ';') || CASE WHEN r.relkind = 'm' AND NOT r.relispopulated THEN ' WITH NO DATA' ELSE '' END) AS d (made)
WHERE r.relkind IN ('v', 'm')
