WITH relation AS (
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.relam, c.relowner, c.relrowsecurity, c.reloptions,
           c.relreplident
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'concertina')
      AND n.nspname NOT LIKE 'pg\_temp\_%' AND n.nspname NOT LIKE 'pg\_toast\_temp\_%'
),
-- A partitioned table's rows lie in its leaves, a parent's also in its children.
storage AS (
    WITH RECURSIVE family AS (
        SELECT oid AS root, oid AS member FROM relation WHERE relkind IN ('r', 'p', 'm')
        UNION ALL
        SELECT family.root, i.inhrelid FROM family JOIN pg_inherits i ON i.inhparent = family.member
    )
    SELECT root,
           sum(pg_relation_size(member) / current_setting('block_size')::bigint)::bigint AS pages,
           -- Scaled to today's size, as PostgreSQL's planner does; a guess where there are no statistics.
           sum(CASE WHEN c.relkind NOT IN ('r', 'm') THEN 0
                    WHEN c.reltuples >= 0 AND c.relpages > 0
                        THEN c.reltuples / c.relpages * (pg_relation_size(member) / current_setting('block_size')::bigint)
                    ELSE 50 * (pg_relation_size(member) / current_setting('block_size')::bigint) END)::float8 AS rows
    FROM family JOIN pg_class c ON c.oid = family.member
    GROUP BY root
),
columns AS (
    SELECT a.attrelid, json_agg(json_build_object(
        'name', a.attname,
        'type_sql', format_type(a.atttypid, a.atttypmod),
        'not_null', a.attnotnull,
        'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
        'generated', a.attgenerated <> '' OR a.attidentity <> '',
        -- Since PostgreSQL 17 the default is NULL.
        'statistics', coalesce(a.attstattarget, -1),
        'storage', CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'x' THEN 'EXTENDED' ELSE 'MAIN' END
    ) ORDER BY a.attnum) AS list
    FROM pg_attribute a
    JOIN relation ON relation.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped
    GROUP BY a.attrelid
),
constraints AS (
    SELECT k.conrelid, json_agg(json_build_object(
        'name', k.conname,
        'kind', CASE k.contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign_key' WHEN 'u' THEN 'unique'
                               WHEN 'p' THEN 'primary_key' WHEN 'x' THEN 'exclude' WHEN 'n' THEN 'not_null' ELSE 'other' END,
        'columns', coalesce((SELECT json_agg(a.attname ORDER BY key.place)
                             FROM unnest(k.conkey) WITH ORDINALITY AS key (number, place)
                             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = key.number), '[]'),
        'definition', pg_get_constraintdef(k.oid),
        'validated', k.convalidated,
        'references', (SELECT json_build_array(n.nspname, c.relname)
                       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                       WHERE k.contype = 'f' AND c.oid = k.confrelid)
    ) ORDER BY k.conname) AS list
    FROM pg_constraint k JOIN relation ON relation.oid = k.conrelid
    GROUP BY k.conrelid
),
indexes AS (
    SELECT i.indrelid, json_agg(json_build_object(
        'schema', n.nspname,
        'name', c.relname,
        'keys', (SELECT json_agg(coalesce(a.attname, '') ORDER BY key.place)
                 FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS key (number, place)
                 LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = key.number AND key.number > 0
                 WHERE key.place <= i.indnkeyatts),
        -- Columns of expressions and predicates are only in the dependencies.
        'mentions', coalesce((SELECT json_agg(DISTINCT a.attname)
                     FROM pg_attribute a
                     WHERE a.attrelid = i.indrelid AND a.attnum > 0
                       AND (a.attnum = ANY (i.indkey::int2[])
                            OR a.attnum IN (SELECT d.refobjsubid FROM pg_depend d
                                            WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                                              AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid))), '[]'),
        'unique', i.indisunique,
        'partial', i.indpred IS NOT NULL,
        'valid', i.indisvalid,
        'constraint', (SELECT k.conname FROM pg_constraint k
                       WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x') LIMIT 1),
        'definition', pg_get_indexdef(i.indexrelid)
    ) ORDER BY c.relname) AS list
    FROM pg_index i
    JOIN relation ON relation.oid = i.indrelid
    JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    GROUP BY i.indrelid
),
triggers AS (
    SELECT t.tgrelid, json_agg(json_build_object(
        'name', t.tgname,
        'on_update', t.tgtype & 17 = 17,
        'on_delete', t.tgtype & 9 = 9,
        'definition', pg_get_triggerdef(t.oid)
    ) ORDER BY t.tgname) AS list
    FROM pg_trigger t JOIN relation ON relation.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgname NOT LIKE 'zzz\_concertina\_%'
    GROUP BY t.tgrelid
),
policies AS (
    SELECT p.polrelid, json_agg(json_build_object(
        'name', p.polname,
        'definition', format('CREATE POLICY %I ON %I.%I AS %s FOR %s TO %s%s%s', p.polname, relation.nspname, relation.relname,
            CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
            CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
            (SELECT string_agg(CASE WHEN role = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END, ', ')
             FROM unnest(p.polroles) AS role),
            coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', ''),
            coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', ''))
    ) ORDER BY p.polname) AS list
    FROM pg_policy p JOIN relation ON relation.oid = p.polrelid
    GROUP BY p.polrelid
)
SELECT json_build_object(
    'server_version', current_setting('server_version_num')::int,
    'search_path', to_json(current_schemas(false)),
    'tables', (SELECT coalesce(json_agg(json_build_object(
            'schema', r.nspname,
            'name', r.relname,
            'kind', CASE r.relkind WHEN 'r' THEN 'plain' WHEN 'p' THEN 'partitioned' WHEN 'f' THEN 'foreign' ELSE 'view' END,
            'heap', coalesce((SELECT amname = 'heap' FROM pg_am WHERE pg_am.oid = r.relam), false),
            'rows', coalesce(storage.rows, 0),
            'pages', coalesce(storage.pages, 0),
            'owned', pg_has_role(r.relowner, 'USAGE'),
            'row_security', r.relrowsecurity,
            'columns', coalesce(columns.list, '[]'),
            'constraints', coalesce(constraints.list, '[]'),
            'indexes', coalesce(indexes.list, '[]'),
            'triggers', coalesce(triggers.list, '[]'),
            'policies', coalesce(policies.list, '[]'),
            'statistics', (SELECT coalesce(json_agg(json_build_array(n.nspname, s.stxname, pg_get_statisticsobjdef(s.oid))
                                                    ORDER BY s.stxname), '[]')
                           FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE s.stxrelid = r.oid),
            'partitions', (SELECT coalesce(json_agg(json_build_array(n.nspname, c.relname) ORDER BY c.relname), '[]')
                           FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                           JOIN pg_namespace n ON n.oid = c.relnamespace
                           WHERE i.inhparent = r.oid AND r.relkind = 'p'),
            'options', coalesce(to_json(r.reloptions), '[]'),
            'replica_identity', CASE r.relreplident WHEN 'd' THEN 'DEFAULT' WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' END
        ) ORDER BY r.nspname, r.relname), '[]')
        FROM relation r
        LEFT JOIN storage ON storage.root = r.oid
        LEFT JOIN columns ON columns.attrelid = r.oid
        LEFT JOIN constraints ON constraints.conrelid = r.oid
        LEFT JOIN indexes ON indexes.indrelid = r.oid
        LEFT JOIN triggers ON triggers.tgrelid = r.oid
        LEFT JOIN policies ON policies.polrelid = r.oid),
    'enums', (SELECT coalesce(json_agg(json_build_object('schema', n.nspname, 'name', t.typname, 'labels',
                (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))), '[]')
              FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
              WHERE t.typtype = 'e' AND EXISTS (SELECT FROM pg_enum e WHERE e.enumtypid = t.oid)),
    'extensions', (SELECT coalesce(json_agg(extname), '[]') FROM pg_extension),
    'available_extensions', (SELECT coalesce(json_agg(name), '[]') FROM pg_available_extensions),
    'volatile_functions', (SELECT coalesce(json_agg(DISTINCT proname), '[]') FROM pg_proc WHERE provolatile = 'v'),
    'aggregates', (SELECT coalesce(json_agg(DISTINCT proname), '[]') FROM pg_proc WHERE prokind IN ('a', 'w'))
)
