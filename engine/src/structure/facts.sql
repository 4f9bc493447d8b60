-- What a change of a part is written from, by the part's kind, relation and name; and the object that the part is, or belongs to,
-- with the number of its column.
, col AS (
    SELECT a.*, r.name AS relation, t.typbasetype,
           format_type(a.atttypid, a.atttypmod)
           || CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END AS type_sql,
           pg_get_expr(d.adbin, d.adrelid) AS expression, d.oid AS default_oid,
           (SELECT conname FROM pg_constraint WHERE conrelid = a.attrelid AND contype = 'n' AND conkey[1] = a.attnum AND convalidated) AS not_null_name
    FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
    WHERE r.relkind IN ('r', 'p', 'v', 'm')
),
numbered AS (
    SELECT s.*, r.name, r.relname, r.relnamespace, r.relpersistence, d.refobjid, d.refobjsubid, d.deptype,
           jsonb_build_array('INCREMENT BY ' || s.seqincrement, 'MINVALUE ' || s.seqmin, 'MAXVALUE ' || s.seqmax, 'START WITH ' || s.seqstart,
                             'CACHE ' || s.seqcache, CASE WHEN s.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END) AS options
    FROM relation r JOIN pg_sequence s ON s.seqrelid = r.oid
    LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
),
option (place, object, kind, relation, name, key, written, unwritten) AS (
    SELECT place, r.oid, 'table', '', r.name, k, format('ALTER TABLE %s SET (%s)', r.name, o), format('ALTER TABLE %s RESET (%s)', r.name, k)
    FROM relation r LEFT JOIN pg_class toast ON toast.oid = r.reltoastrelid,
         LATERAL (SELECT * FROM unnest(r.reloptions) WITH ORDINALITY UNION ALL SELECT 'toast.' || t, 1000 + n FROM unnest(toast.reloptions) WITH ORDINALITY AS t (t, n)) AS u (o, place), split_part(o, '=', 1) AS k
    WHERE r.relkind IN ('r', 'p')
    UNION ALL SELECT 2000, r.oid, 'table', '', r.name, ' tablespace', format('ALTER TABLE %s SET TABLESPACE %I', r.name, spcname), format('ALTER TABLE %s SET TABLESPACE pg_default', r.name)
    FROM relation r JOIN pg_tablespace ts ON ts.oid = r.reltablespace WHERE r.relkind IN ('r', 'p')
    UNION ALL SELECT 2000, r.oid, 'table', '', r.name, ' access method', format('ALTER TABLE %s SET ACCESS METHOD %I', r.name, amname), format('ALTER TABLE %s SET ACCESS METHOD heap', r.name)
    FROM relation r JOIN pg_am am ON am.oid = r.relam WHERE r.relkind IN ('r', 'p') AND amname <> 'heap'
    UNION ALL SELECT 2000, r.oid, 'table', '', r.name, ' inherits ' || inhparent, format('ALTER TABLE %s INHERIT %s', r.name, inhparent::regclass), format('ALTER TABLE %s NO INHERIT %s', r.name, inhparent::regclass)
    FROM relation r JOIN pg_inherits i ON i.inhrelid = r.oid WHERE r.relkind = 'r' AND NOT r.relispartition
    UNION ALL SELECT place, c.oid, 'index setting', r.name, c.name, k, format('ALTER INDEX %s SET (%s)', c.name, o), format('ALTER INDEX %s RESET (%s)', c.name, k)
    FROM relation c JOIN pg_index i ON i.indexrelid = c.oid JOIN relation r ON r.oid = i.indrelid, unnest(c.reloptions) WITH ORDINALITY AS u (o, place), split_part(o, '=', 1) AS k
    WHERE EXISTS (SELECT FROM pg_constraint WHERE conindid = c.oid AND contype IN ('p', 'u', 'x'))
    UNION ALL SELECT 2000, c.oid, 'index setting', r.name, c.name, s.key, s.written, s.unwritten
    FROM relation c JOIN pg_index i ON i.indexrelid = c.oid JOIN relation r ON r.oid = i.indrelid LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace, LATERAL (
        SELECT ' tablespace', format('ALTER INDEX %s SET TABLESPACE %I', c.name, ts.spcname), format('ALTER INDEX %s SET TABLESPACE pg_default', c.name) WHERE ts.oid IS NOT NULL
        UNION ALL SELECT ' statistics ' || attnum, format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', c.name, attnum, attstattarget), format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS -1', c.name, attnum)
                  FROM pg_attribute WHERE attrelid = c.oid AND attstattarget >= 0
        UNION ALL SELECT ' cluster', format('ALTER TABLE %s CLUSTER ON %I', r.name, c.relname), format('ALTER TABLE %s SET WITHOUT CLUSTER', r.name) WHERE i.indisclustered
        UNION ALL SELECT ' replica', format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', r.name, c.relname), format('ALTER TABLE %s REPLICA IDENTITY DEFAULT', r.name) WHERE i.indisreplident) AS s (key, written, unwritten)
    UNION ALL SELECT 1, attrelid, 'column setting', relation, quote_ident(attname), s.key, format('ALTER TABLE ONLY %s ALTER COLUMN %I %s', relation, attname, s.written), format('ALTER TABLE ONLY %s ALTER COLUMN %I %s', relation, attname, s.unwritten)
    FROM col c JOIN pg_type t ON t.oid = c.atttypid, LATERAL (
        SELECT 'storage', 'SET STORAGE ' || CASE attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END,
               'SET STORAGE ' || CASE typstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END WHERE attstorage <> typstorage
        UNION ALL SELECT 'compression', 'SET COMPRESSION ' || CASE attcompression WHEN 'p' THEN 'pglz' ELSE 'lz4' END, 'SET COMPRESSION default' WHERE attcompression <> ''
        UNION ALL SELECT 'statistics', 'SET STATISTICS ' || attstattarget, 'SET STATISTICS -1' WHERE attstattarget >= 0
        UNION ALL SELECT o, format('SET (%s)', o), format('RESET (%s)', split_part(o, '=', 1)) FROM unnest(attoptions) AS o) AS s (key, written, unwritten)
    UNION ALL SELECT place, r.oid, CASE r.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, '', r.name, k,
           format('ALTER %s %s SET (%s)', upper(CASE r.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END), r.name, o),
           format('ALTER %s %s RESET (%s)', upper(CASE r.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END), r.name, k)
    FROM relation r, unnest(r.reloptions) WITH ORDINALITY AS u (o, place), split_part(o, '=', 1) AS k WHERE r.relkind IN ('v', 'm')
),
settings AS (
    SELECT object, kind, relation, name, jsonb_agg(jsonb_build_object('key', key, 'set', written, 'reset', unwritten) ORDER BY place, key) AS list
    FROM option GROUP BY 1, 2, 3, 4
)
SELECT 'column' AS kind, relation, quote_ident(attname) AS name, 'pg_class'::regclass::oid AS class, attrelid AS object, attnum::int AS sub,
       jsonb_build_object('about', 'column', 'type', type_sql, 'cast', format_type(atttypid, atttypmod), 'is_array', (SELECT typcategory = 'A' FROM pg_type WHERE oid = atttypid), 'base', atttypid::regtype, 'modifier', atttypmod, 'not_null', attnotnull AND NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.attrelid AND contype = 'n' AND conkey[1] = c.attnum AND NOT convalidated), 'not_null_name', quote_ident(not_null_name),
           'generated', CASE attgenerated WHEN 's' THEN format('(%s) STORED', expression) WHEN 'v' THEN format('(%s) VIRTUAL', expression) END,
           'inherited', attinhcount > 0,
           'inherits_not_null', EXISTS (SELECT FROM pg_inherits i JOIN pg_attribute p ON p.attrelid = i.inhparent AND p.attname = c.attname AND p.attnotnull WHERE i.inhrelid = c.attrelid),
           'default', CASE WHEN attgenerated = '' THEN expression END) AS facts
FROM col c
UNION ALL
SELECT 'default', relation, quote_ident(attname), 'pg_attrdef'::regclass, default_oid, 0, jsonb_build_object('about', 'part_of_column', 'number', attnum)
FROM col WHERE default_oid IS NOT NULL AND attgenerated = ''
UNION ALL
SELECT 'sequence', '', name, 'pg_class'::regclass, seqrelid, 0, jsonb_build_object('about', 'sequence', 'type', format_type(seqtypid, NULL), 'options', options, 'unlogged', relpersistence = 'u')
FROM numbered WHERE deptype IS DISTINCT FROM 'i'
UNION ALL
SELECT 'owner of sequence', c.relation, s.name, 'pg_class'::regclass, s.seqrelid, 0, jsonb_build_object('about', 'part_of_column', 'number', c.attnum)
FROM numbered s JOIN col c ON c.attrelid = s.refobjid AND c.attnum = s.refobjsubid WHERE s.deptype = 'a'
UNION ALL
SELECT 'identity', c.relation, quote_ident(c.attname), 'pg_class'::regclass, s.seqrelid, 0,
       jsonb_build_object('about', 'identity', 'mode', CASE c.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, 'number', c.attnum,
                          'sequence', s.name, 'schema', quote_ident(n.nspname), 'own_name', quote_ident(s.relname), 'options', s.options)
FROM numbered s JOIN col c ON c.attrelid = s.refobjid AND c.attnum = s.refobjsubid JOIN pg_namespace n ON n.oid = s.relnamespace WHERE s.deptype = 'i'
UNION ALL
SELECT 'type', '', name, 'pg_type'::regclass, oid, 0, jsonb_build_object('about', 'enum', 'labels',
       (SELECT coalesce(jsonb_agg(quote_literal(enumlabel) ORDER BY enumsortorder), '[]') FROM pg_enum WHERE enumtypid = t.oid))
FROM usertype t WHERE typtype = 'e'
UNION ALL
SELECT 'domain', '', t.name, 'pg_type'::regclass, t.oid, 0, jsonb_build_object('about', 'domain',
       'base', format_type(t.typbasetype, t.typtypmod) || CASE WHEN t.typcollation <> b.typcollation THEN ' COLLATE ' || t.typcollation::regcollation ELSE '' END,
       'default', t.typdefault, 'not_null', t.typnotnull,
       'constraints', (SELECT coalesce(jsonb_agg(jsonb_build_array(quote_ident(conname), pg_get_constraintdef(oid)) ORDER BY conname), '[]')
                       FROM pg_constraint WHERE contypid = t.oid AND contype = 'c' AND convalidated))
FROM usertype t JOIN pg_type b ON b.oid = t.typbasetype WHERE t.typtype = 'd'
UNION ALL
SELECT 'composite type', '', name, 'pg_type'::regclass, t.oid, 0, jsonb_build_object('about', 'composite', 'attributes',
       (SELECT coalesce(jsonb_agg(jsonb_build_array(quote_ident(attname), format_type(atttypid, atttypmod)
               || CASE WHEN a.attcollation <> b.typcollation THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END) ORDER BY attnum), '[]')
        FROM pg_attribute a JOIN pg_type b ON b.oid = atttypid WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped))
FROM usertype t WHERE typtype = 'c'
UNION ALL
SELECT 'table', '', r.name, 'pg_class'::regclass, r.oid, 0, jsonb_build_object('about', 'settings',
       'base', concat(CASE r.relkind WHEN 'p' THEN pg_get_partkeydef(r.oid) END, ' of ', nullif(r.reloftype, 0)::regtype),
       'settings', coalesce(s.list, '[]'))
FROM relation r LEFT JOIN settings s ON s.object = r.oid AND s.kind = 'table' WHERE r.relkind IN ('r', 'p')
UNION ALL
SELECT kind, relation, name, coalesce(CASE WHEN k.oid IS NOT NULL THEN 'pg_constraint'::regclass END, 'pg_class'::regclass), coalesce(k.oid, object),
       coalesce((SELECT attnum FROM pg_attribute WHERE kind = 'column setting' AND attrelid = object AND quote_ident(attname) = s.name AND NOT attisdropped), 0),
       jsonb_build_object('about', 'settings', 'base', '', 'settings', list)
FROM settings s LEFT JOIN pg_constraint k ON s.kind = 'index setting' AND k.conindid = s.object AND k.contype IN ('p', 'u', 'x')
WHERE kind IN ('column setting', 'index setting')
UNION ALL
SELECT CASE r.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, '', r.name, 'pg_class'::regclass, r.oid, 0, jsonb_build_object('about', 'view',
       'query', pg_get_viewdef(r.oid), 'populated', r.relispopulated, 'settings', coalesce(s.list, '[]'),
       'columns', (SELECT coalesce(jsonb_agg(jsonb_build_array(attname, type_sql) ORDER BY attnum), '[]') FROM col WHERE attrelid = r.oid))
FROM relation r LEFT JOIN settings s ON s.object = r.oid AND s.kind IN ('view', 'materialized view') WHERE r.relkind IN ('v', 'm')
UNION ALL
SELECT CASE prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END, '', p.name, 'pg_proc'::regclass, p.oid, 0, jsonb_build_object('about', 'routine',
       'result', concat(prokind, ' ', coalesce(pg_get_function_result(p.oid), ''), ' ', a.aggtranstype::regtype, ' ', a.aggkind), 'names', coalesce(to_jsonb(proargnames), '[]'),
       'modes', concat(proargmodes, ' ', proallargtypes), 'defaults', pronargdefaults)
FROM routine p LEFT JOIN pg_aggregate a ON a.aggfnoid = p.oid
UNION ALL
SELECT 'constraint', r.name, quote_ident(k.conname), 'pg_constraint'::regclass, k.oid, 0, jsonb_build_object('about', 'constraint',
       'form', k.contype, 'base', regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', ''), 'definition', pg_get_constraintdef(k.oid), 'validated', k.convalidated, 'local', k.conislocal,
       'parent', (SELECT jsonb_build_array(k.contype <> 'f', p.conrelid::regclass::text, quote_ident(p.conname)) FROM pg_constraint p WHERE p.oid = k.conparentid))
FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid
UNION ALL
SELECT 'index', r.name, c.name, 'pg_class'::regclass, c.oid, 0, jsonb_build_object('about', 'index', 'parent',
       (SELECT jsonb_build_array(true, pi.indrelid::regclass::text, h.inhparent::regclass::text) FROM pg_inherits h JOIN pg_index pi ON pi.indexrelid = h.inhparent WHERE h.inhrelid = c.oid))
FROM relation r JOIN pg_index i ON i.indrelid = r.oid JOIN relation c ON c.oid = i.indexrelid
UNION ALL
SELECT 'index of partition', r.name, c.name, CASE WHEN k.oid IS NULL THEN 'pg_class'::regclass ELSE 'pg_constraint'::regclass END, coalesce(k.oid, c.oid), 0, jsonb_build_object('about', 'nothing')
FROM relation c JOIN pg_inherits h ON h.inhrelid = c.oid JOIN pg_index i ON i.indexrelid = c.oid JOIN relation r ON r.oid = i.indrelid
LEFT JOIN pg_constraint k ON k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')
UNION ALL
SELECT 'partition', r.name, '', 'pg_class'::regclass, r.oid, 0, jsonb_build_object('about', 'partition', 'parent', i.inhparent::regclass::text)
FROM relation r JOIN pg_inherits i ON i.inhrelid = r.oid WHERE r.relkind IN ('r', 'p') AND r.relispartition
UNION ALL
SELECT 'statistics', r.name, format('%I.%I', n.nspname, s.stxname), 'pg_statistic_ext'::regclass, s.oid, 0, jsonb_build_object('about', 'settings', 'base', pg_get_statisticsobjdef(s.oid),
       'settings', CASE WHEN s.stxstattarget >= 0 THEN jsonb_build_array(jsonb_build_object('key', s.stxstattarget::text,
           'set', format('ALTER STATISTICS %I.%I SET STATISTICS %s', n.nspname, s.stxname, s.stxstattarget),
           'reset', format('ALTER STATISTICS %I.%I SET STATISTICS -1', n.nspname, s.stxname))) ELSE '[]' END)
FROM relation r JOIN pg_statistic_ext s ON s.stxrelid = r.oid JOIN pg_namespace n ON n.oid = s.stxnamespace
UNION ALL
SELECT 'rule', r.name, quote_ident(w.rulename), 'pg_rewrite'::regclass, w.oid, 0, jsonb_build_object('about', 'settings', 'base', pg_get_ruledef(w.oid),
       'settings', CASE ev_enabled WHEN 'O' THEN '[]' ELSE jsonb_build_array(jsonb_build_object('key', ev_enabled,
           'set', format('ALTER TABLE %s %s RULE %I', r.name, CASE ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, w.rulename),
           'reset', format('ALTER TABLE %s ENABLE RULE %I', r.name, w.rulename))) END)
FROM relation r JOIN pg_rewrite w ON w.ev_class = r.oid AND w.rulename <> '_RETURN'
UNION ALL
SELECT 'trigger', r.name, quote_ident(t.tgname), 'pg_trigger'::regclass, t.oid, 0, jsonb_build_object('about', 'settings', 'base', pg_get_triggerdef(t.oid),
       'settings', CASE tgenabled WHEN 'O' THEN '[]' ELSE jsonb_build_array(jsonb_build_object('key', tgenabled,
           'set', format('ALTER TABLE %s %s TRIGGER %I', r.name, CASE tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, t.tgname),
           'reset', format('ALTER TABLE %s ENABLE TRIGGER %I', r.name, t.tgname))) END)
FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid WHERE NOT t.tgisinternal AND t.tgparentid = 0
UNION ALL
SELECT 'trigger of partition', r.name, quote_ident(t.tgname), 'pg_trigger'::regclass, t.oid, 0, jsonb_build_object('about', 'settings', 'base', '',
       'settings', jsonb_build_array(jsonb_build_object('key', t.tgenabled,
           'set', format('ALTER TABLE %s %s TRIGGER %I', r.name, CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END, t.tgname),
           'reset', format('ALTER TABLE %s %s TRIGGER %I', r.name, CASE p.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END, t.tgname))))
FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid JOIN pg_trigger p ON p.oid = t.tgparentid AND p.tgenabled <> t.tgenabled WHERE NOT p.tgisinternal
UNION ALL
SELECT 'event trigger', '', quote_ident(evtname), 'pg_event_trigger'::regclass, e.oid, 0, jsonb_build_object('about', 'settings',
       'base', concat(evtevent, ' ', evttags, ' ', evtfoid::regproc), 'settings', CASE evtenabled WHEN 'O' THEN '[]' ELSE jsonb_build_array(jsonb_build_object('key', evtenabled,
           'set', format('ALTER EVENT TRIGGER %I %s', evtname, CASE evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END),
           'reset', format('ALTER EVENT TRIGGER %I ENABLE', evtname))) END)
FROM pg_event_trigger e
UNION ALL
SELECT 'policy', r.name, quote_ident(p.polname), 'pg_policy'::regclass, p.oid, 0, jsonb_build_object('about', 'policy', 'form', concat(p.polcmd, p.polpermissive),
       'roles', (SELECT string_agg(CASE WHEN role = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END, ', ' ORDER BY role) FROM unnest(p.polroles) AS role),
       'using', pg_get_expr(p.polqual, p.polrelid), 'check', pg_get_expr(p.polwithcheck, p.polrelid))
FROM relation r JOIN pg_policy p ON p.polrelid = r.oid
UNION ALL
SELECT 'publication', '', quote_ident(pubname), 'pg_publication'::regclass, p.oid, 0, jsonb_build_object('about', 'settings', 'base', puballtables::text,
       'settings', jsonb_build_array(jsonb_build_object('key', 'options',
           'set', format('ALTER PUBLICATION %I SET (publish = %L, publish_via_partition_root = %s)', pubname, concat_ws(', ', CASE WHEN pubinsert THEN 'insert' END, CASE WHEN pubupdate THEN 'update' END, CASE WHEN pubdelete THEN 'delete' END, CASE WHEN pubtruncate THEN 'truncate' END), CASE WHEN pubviaroot THEN 'true' ELSE 'false' END),
           'reset', format('ALTER PUBLICATION %I SET (publish_via_partition_root = false)', pubname))))
FROM pg_publication p
UNION ALL
SELECT 'extension', '', quote_ident(extname), 'pg_extension'::regclass, e.oid, 0, jsonb_build_object('about', 'extension', 'schema', quote_ident(n.nspname), 'version', quote_literal(extversion))
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
UNION ALL
SELECT 'domain constraint', '', t.name || ' ' || quote_ident(conname), 'pg_type'::regclass, t.oid, 0,
       jsonb_build_object('about', 'dropped_by', 'drop', format('ALTER DOMAIN %s DROP CONSTRAINT %I', t.name, conname))
FROM usertype t JOIN pg_constraint k ON k.contypid = t.oid AND k.contype = 'c' AND NOT k.convalidated
