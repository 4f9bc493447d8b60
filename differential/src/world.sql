-- What a database holds that statements can speak of, as one JSON value. The rows of each relation are counted up to a few.
WITH spaces AS (
    SELECT oid, nspname FROM pg_namespace
    WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'concertina') AND nspname NOT LIKE 'pg\_%'
),
extension_members AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
relations AS (
    SELECT c.*, s.nspname FROM pg_class c JOIN spaces s ON s.oid = c.relnamespace
    WHERE NOT EXISTS (SELECT FROM extension_members e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid)
)
SELECT jsonb_build_object(
    'schemas', (SELECT coalesce(jsonb_agg(nspname ORDER BY nspname), '[]') FROM spaces),
    'relations', (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'oid', c.oid::bigint, 'schema', c.nspname, 'name', c.relname, 'kind', c.relkind, 'row_security', c.relrowsecurity,
        'persistence', c.relpersistence,
        'partition_of', (SELECT i.inhparent::regclass::text FROM pg_inherits i WHERE i.inhrelid = c.oid AND c.relispartition),
        'parent', (SELECT min(p.relname) FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent WHERE i.inhrelid = c.oid),
        'bound', pg_get_expr(c.relpartbound, c.oid),
        'partition_key', CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
        'children', (SELECT count(*) FROM pg_inherits i WHERE i.inhparent = c.oid),
        'view_readers', (SELECT count(DISTINCT r.ev_class) FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
            WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND r.ev_class <> c.oid),
        'comment', obj_description(c.oid, 'pg_class'),
        'columns', (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'number', a.attnum, 'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'category', t.typcategory,
            'collation', (SELECT quote_ident(l.collname) FROM pg_collation l WHERE l.oid = a.attcollation AND l.collname <> 'default' AND l.oid <> t.typcollation),
            'not_null', a.attnotnull, 'identity', a.attidentity, 'generated', a.attgenerated, 'default', pg_get_expr(d.adbin, d.adrelid),
            'numbered', a.attidentity <> '' OR pg_get_serial_sequence(format('%I.%I', c.nspname, c.relname), a.attname) IS NOT NULL,
            'local', a.attislocal
        ) ORDER BY a.attnum), '[]')
            FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
        'constraints', (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'name', k.conname, 'kind', k.contype, 'valid', k.convalidated, 'definition', pg_get_constraintdef(k.oid), 'local', k.conislocal,
            'columns', (SELECT coalesce(jsonb_agg(a.attname ORDER BY o), '[]') FROM unnest(k.conkey) WITH ORDINALITY AS u(n, o) JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n)
        ) ORDER BY k.conname), '[]') FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype <> 't' AND k.conparentid = 0),
        'indexes', (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'name', i.relname, 'schema', c.nspname, 'unique', x.indisunique, 'valid', x.indisvalid, 'constraint', EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid AND k.conrelid = c.oid),
            'partial', x.indpred IS NOT NULL, 'expression', x.indexprs IS NOT NULL, 'child', i.relispartition,
            'definition', pg_get_indexdef(i.oid),
            'columns', (SELECT coalesce(jsonb_agg(a.attname ORDER BY o), '[]') FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS u(n, o) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.n)
        ) ORDER BY i.relname), '[]') FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid),
        'triggers', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', g.tgname, 'definition', pg_get_triggerdef(g.oid), 'enabled', g.tgenabled, 'row', g.tgtype & 1 = 1,
            'function', (SELECT p.proname FROM pg_proc p WHERE p.oid = g.tgfoid)) ORDER BY g.tgname), '[]')
            FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgparentid = 0),
        'rules', (SELECT coalesce(jsonb_agg(r.rulename ORDER BY r.rulename), '[]') FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN'),
        'policies', (SELECT coalesce(jsonb_agg(p.polname ORDER BY p.polname), '[]') FROM pg_policy p WHERE p.polrelid = c.oid),
        'definition', CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END
    ) ORDER BY c.nspname, c.relname), '[]') FROM relations c WHERE c.relkind IN ('r', 'p', 'v', 'm')),
    'sequences', (SELECT coalesce(jsonb_agg(jsonb_build_object('schema', c.nspname, 'name', c.relname,
        'owned', EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')),
        'identity', EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'i')) ORDER BY c.relname), '[]')
        FROM relations c WHERE c.relkind = 'S'),
    'types', (SELECT coalesce(jsonb_agg(jsonb_build_object('schema', s.nspname, 'name', t.typname, 'kind', t.typtype,
        'base', CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
        'labels', (SELECT coalesce(jsonb_agg(e.enumlabel ORDER BY e.enumsortorder), '[]') FROM pg_enum e WHERE e.enumtypid = t.oid),
        'constraints', (SELECT coalesce(jsonb_agg(k.conname ORDER BY k.conname), '[]') FROM pg_constraint k WHERE k.contypid = t.oid),
        'attributes', (SELECT coalesce(jsonb_agg(jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum), '[]') FROM pg_attribute a WHERE a.attrelid = t.typrelid AND t.typtype = 'c' AND a.attnum > 0 AND NOT a.attisdropped)
    ) ORDER BY t.typname), '[]') FROM pg_type t JOIN spaces s ON s.oid = t.typnamespace
        WHERE (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
          AND NOT EXISTS (SELECT FROM extension_members e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid)),
    'functions', (SELECT coalesce(jsonb_agg(jsonb_build_object('schema', s.nspname, 'name', p.proname, 'arguments', pg_get_function_identity_arguments(p.oid),
        'kind', p.prokind, 'result', pg_get_function_result(p.oid), 'definition', CASE WHEN p.prokind IN ('f', 'p') THEN pg_get_functiondef(p.oid) END,
        'trigger', p.prorettype = 'trigger'::regtype) ORDER BY p.proname), '[]')
        FROM pg_proc p JOIN spaces s ON s.oid = p.pronamespace
        WHERE NOT EXISTS (SELECT FROM extension_members e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid)),
    'statistics', (SELECT coalesce(jsonb_agg(jsonb_build_object('schema', s.nspname, 'name', x.stxname, 'table', x.stxrelid::regclass::text) ORDER BY x.stxname), '[]')
        FROM pg_statistic_ext x JOIN spaces s ON s.oid = x.stxnamespace),
    'publications', (SELECT coalesce(jsonb_agg(pubname ORDER BY pubname), '[]') FROM pg_publication),
    'collations', (SELECT coalesce(jsonb_agg(l.collname ORDER BY l.collname), '[]') FROM pg_collation l JOIN spaces s ON s.oid = l.collnamespace),
    'extensions', (SELECT coalesce(jsonb_agg(extname ORDER BY extname), '[]') FROM pg_extension WHERE extname <> 'plpgsql'),
    'available', (SELECT coalesce(jsonb_agg(name ORDER BY name), '[]') FROM pg_available_extensions WHERE name IN ('citext', 'pg_trgm', 'hstore', 'btree_gist')),
    'version', current_setting('server_version_num')::int / 10000
)::text
