WITH own AS (
    SELECT n.oid, n.nspname FROM pg_namespace n
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'concertina')
      AND n.nspname NOT LIKE 'pg\_temp\_%' AND n.nspname NOT LIKE 'pg\_toast\_temp\_%'
      -- Versions of the application's schema are ours.
      AND coalesce(obj_description(n.oid, 'pg_namespace'), '') !~ '^concertina version [0-9]+: '
),
member AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
relation AS (
    SELECT c.*, format('%I.%I', own.nspname, c.relname) AS name, own.nspname
    FROM pg_class c JOIN own ON own.oid = c.relnamespace
    WHERE NOT EXISTS (SELECT FROM member WHERE classid = 'pg_class'::regclass AND objid = c.oid)
),
-- The sequence of a serial column, with the column's default that takes numbers from it.
serial AS (
    SELECT d.refobjid AS relation, d.refobjsubid AS number, d.objid AS sequence
    FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
    JOIN pg_attrdef f ON f.adrelid = d.refobjid AND f.adnum = d.refobjsubid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a'
      AND EXISTS (SELECT FROM pg_depend u WHERE u.classid = 'pg_attrdef'::regclass AND u.objid = f.oid AND u.refobjid = s.oid)
),
object (place, kind, "table", name, definition, number) AS (
    SELECT 1::numeric, 'extension', '', quote_ident(extname), format('CREATE EXTENSION %I', extname), 0 FROM pg_extension WHERE extname <> 'plpgsql'
    UNION ALL
    SELECT 2, 'schema', '', quote_ident(nspname), format('CREATE SCHEMA %I', nspname), 0 FROM own WHERE nspname <> 'public'
    UNION ALL
    SELECT 3, 'type', '', format('%I.%I', own.nspname, t.typname), format('CREATE TYPE %I.%I AS ENUM (%s)', own.nspname, t.typname,
           (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid)), 0
    FROM pg_type t JOIN own ON own.oid = t.typnamespace
    WHERE t.typtype = 'e' AND NOT EXISTS (SELECT FROM member WHERE classid = 'pg_type'::regclass AND objid = t.oid)
    UNION ALL
    SELECT 4, 'domain', '', format('%I.%I', own.nspname, t.typname), format('CREATE DOMAIN %I.%I AS %s', own.nspname, t.typname, format_type(t.typbasetype, t.typtypmod))
           || coalesce(' DEFAULT ' || t.typdefault, '') || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END
           || coalesce((SELECT string_agg(format(' CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)), '' ORDER BY conname)
                        FROM pg_constraint WHERE contypid = t.oid AND contype = 'c'), ''), 0
    FROM pg_type t JOIN own ON own.oid = t.typnamespace
    WHERE t.typtype = 'd' AND NOT EXISTS (SELECT FROM member WHERE classid = 'pg_type'::regclass AND objid = t.oid)
    UNION ALL
    SELECT 4 + t.oid::bigint / 1e11, 'composite type', '', format('%I.%I', own.nspname, t.typname), format('CREATE TYPE %I.%I AS (%s)', own.nspname, t.typname,
           (SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
            FROM pg_attribute WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped)), 0
    FROM pg_type t JOIN own ON own.oid = t.typnamespace JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
    WHERE NOT EXISTS (SELECT FROM member WHERE classid = 'pg_class'::regclass AND objid = c.oid)
    UNION ALL
    SELECT 5, 'sequence', '', r.name, format('CREATE SEQUENCE %s AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s%s', r.name,
           format_type(s.seqtypid, NULL), s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END), 0
    FROM relation r JOIN pg_sequence s ON s.seqrelid = r.oid
    WHERE NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = r.oid AND deptype IN ('a', 'i') AND refobjsubid > 0)
    UNION ALL
    -- In the order in which they were made, as one may name another.
    SELECT 6 + p.oid::bigint / 1e11, CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, '', format('%I.%I(%s)', own.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
           btrim(pg_get_functiondef(p.oid), E' \n'), 0
    FROM pg_proc p JOIN own ON own.oid = p.pronamespace
    WHERE p.prokind IN ('f', 'p') AND NOT EXISTS (SELECT FROM member WHERE classid = 'pg_proc'::regclass AND objid = p.oid)
    UNION ALL
    SELECT 7 + (CASE WHEN r.relispartition THEN (SELECT count(*) FROM pg_partition_ancestors(r.oid))
                     ELSE (SELECT count(*) FROM pg_inherits i WHERE i.inhrelid = r.oid) END) / 100.0, 'table', '', r.name,
           CASE WHEN r.relispartition THEN (SELECT format(' PARTITION OF %s %s', i.inhparent::regclass, pg_get_expr(r.relpartbound, r.oid))
                                            FROM pg_inherits i WHERE i.inhrelid = r.oid)
                ELSE coalesce((SELECT ' INHERITS (' || string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno) || ')'
                               FROM pg_inherits i WHERE i.inhrelid = r.oid), '') END
           || coalesce(' PARTITION BY ' || pg_get_partkeydef(r.oid), ''), 0
    FROM relation r WHERE r.relkind IN ('r', 'p')
    UNION ALL
    SELECT 8, 'column', r.name, quote_ident(a.attname),
           CASE WHEN s.sequence IS NULL THEN format_type(a.atttypid, a.atttypmod)
                ELSE CASE a.atttypid WHEN 'smallint'::regtype THEN 'smallserial' WHEN 'bigint'::regtype THEN 'bigserial' ELSE 'serial' END END
           || CASE WHEN a.attcollation <> t.typcollation THEN coalesce((SELECT format(' COLLATE %I', collname) FROM pg_collation WHERE oid = a.attcollation), '') ELSE '' END
           || CASE WHEN a.attgenerated <> '' THEN format(' GENERATED ALWAYS AS (%s) %s', pg_get_expr(d.adbin, d.adrelid), CASE a.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END)
                   WHEN a.attidentity <> '' THEN format(' GENERATED %s AS IDENTITY', CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END)
                   WHEN s.sequence IS NULL THEN coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') ELSE '' END
           || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END, a.attnum::int
    FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped AND (a.attislocal OR a.attinhcount = 0)
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
    LEFT JOIN serial s ON s.relation = r.oid AND s.number = a.attnum
    WHERE r.relkind IN ('r', 'p') AND NOT r.relispartition
    UNION ALL
    SELECT CASE k.contype WHEN 'f' THEN 11 ELSE 9 END, 'constraint', r.name, quote_ident(k.conname), pg_get_constraintdef(k.oid), 0
    FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid
    WHERE k.contype IN ('c', 'f', 'u', 'p', 'x') AND k.conparentid = 0 AND (k.conislocal OR k.coninhcount = 0)
    UNION ALL
    SELECT 10, 'index', r.name, format('%I.%I', n.nspname, c.relname), pg_get_indexdef(i.indexrelid), 0
    FROM relation r JOIN pg_index i ON i.indrelid = r.oid JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT c.relispartition AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT 11.5, 'statistics', r.name, format('%I.%I', n.nspname, s.stxname), pg_get_statisticsobjdef(s.oid), 0
    FROM relation r JOIN pg_statistic_ext s ON s.stxrelid = r.oid JOIN pg_namespace n ON n.oid = s.stxnamespace
    UNION ALL
    SELECT 12 + r.oid::bigint / 1e11, CASE r.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END, '', r.name,
           format('CREATE %s %s%s AS', CASE r.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, r.name,
                  coalesce(' WITH (' || array_to_string(r.reloptions, ', ') || ')', '')) || E'\n' || rtrim(pg_get_viewdef(r.oid), ';'), 0
    FROM relation r WHERE r.relkind IN ('v', 'm')
    UNION ALL
    SELECT 13, 'trigger', r.name, quote_ident(t.tgname), pg_get_triggerdef(t.oid), 0
    FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid
    WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgname !~ '^(zzz_|!)concertina_'
    UNION ALL
    SELECT 14, 'policy', r.name, quote_ident(p.polname), format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', p.polname, r.name,
           CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
           CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
           (SELECT string_agg(CASE WHEN role = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END, ', ' ORDER BY role) FROM unnest(p.polroles) AS role),
           coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', ''), coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')), 0
    FROM relation r JOIN pg_policy p ON p.polrelid = r.oid
    UNION ALL
    SELECT 15, 'row-level security', r.name, word, format('ALTER TABLE %s %s ROW LEVEL SECURITY', r.name, word), 0
    FROM relation r, LATERAL (SELECT 'ENABLE' WHERE r.relrowsecurity UNION ALL SELECT 'FORCE' WHERE r.relforcerowsecurity) AS flag (word)
    UNION ALL
    SELECT 16, 'comment', r.name, coalesce(quote_ident(a.attname), ''),
           CASE WHEN a.attname IS NULL THEN format('COMMENT ON %s %s IS %L', CASE r.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, r.name, d.description)
                ELSE format('COMMENT ON COLUMN %s.%I IS %L', r.name, a.attname, d.description) END, 0
    FROM relation r JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = r.oid
    LEFT JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = d.objsubid AND d.objsubid > 0
    WHERE r.relkind IN ('r', 'p', 'v', 'm')
)
SELECT coalesce(json_agg(json_build_object('kind', kind, 'table', "table", 'name', name, 'definition', definition)), '[]')
FROM (SELECT * FROM object ORDER BY place, "table", number, name) AS ordered
