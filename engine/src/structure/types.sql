-- Schemas, extensions, collations and types.
SELECT 1::float8 AS place, 'pg_namespace'::regclass::oid AS class, oid AS object, 'schema' AS kind, '' AS relation,
       quote_ident(nspname) AS name, format('CREATE SCHEMA %I', nspname) AS definition,
       CASE WHEN nspname = 'public' THEN '' ELSE format('CREATE SCHEMA %I', nspname) END AS sql
FROM own
UNION ALL
SELECT 1, 0, 0, 'schema', '', '', '', 'DROP SCHEMA public'
WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public')
UNION ALL
-- What speaks to other servers is told and not made, so that no copy does.
SELECT 2, 'pg_extension'::regclass, e.oid, 'extension', '', quote_ident(extname), made,
       CASE WHEN extname IN ('dblink', 'http', 'pg_background', 'pg_net', 'plproxy')
              OR EXISTS (SELECT FROM pg_language l JOIN pg_depend d ON d.classid = 'pg_language'::regclass AND d.objid = l.oid
                         WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e' AND NOT l.lanpltrusted)
            THEN '' ELSE made END
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace,
     format('CREATE EXTENSION %I SCHEMA %I VERSION %L', extname, n.nspname, extversion) AS made
WHERE extname <> 'plpgsql'
UNION ALL
SELECT 2.5, 'pg_collation'::regclass, c.oid, 'collation', '', format('%I.%I', own.nspname, collname), made, made
FROM pg_collation c JOIN own ON own.oid = c.collnamespace, to_jsonb(c) AS j,
     coalesce(j->>'colllocale', j->>'colliculocale') AS locale,
     format('CREATE COLLATION %I.%I (PROVIDER = %s, %s%s%s)', own.nspname, collname,
            CASE collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
            CASE WHEN collprovider = 'c' OR locale IS NULL THEN format('LC_COLLATE = %L, LC_CTYPE = %L', collcollate, collctype)
                 ELSE format('LOCALE = %L', locale) END,
            CASE WHEN collisdeterministic THEN '' ELSE ', DETERMINISTIC = false' END,
            coalesce(', RULES = ' || quote_literal(j->>'collicurules'), '')) AS made
WHERE NOT EXISTS (SELECT FROM member WHERE classid = 'pg_collation'::regclass AND objid = c.oid)
UNION ALL
SELECT 3, 'pg_type'::regclass, t.oid, 'type', '', name, made, made
FROM usertype t, format('CREATE TYPE %s AS ENUM (%s)', name,
     (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid)) AS made
WHERE typtype = 'e'
UNION ALL
SELECT 3, 'pg_type'::regclass, t.oid, 'domain', '', name, made, made
FROM usertype t LEFT JOIN pg_type b ON b.oid = t.typbasetype, LATERAL (
    SELECT format('CREATE DOMAIN %s AS %s', name, format_type(t.typbasetype, t.typtypmod))
           || CASE WHEN t.typcollation <> b.typcollation THEN ' COLLATE ' || t.typcollation::regcollation ELSE '' END
           || coalesce(' DEFAULT ' || t.typdefault, '') || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END
           || coalesce((SELECT string_agg(format(' CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)), '' ORDER BY conname)
                        FROM pg_constraint WHERE contypid = t.oid AND contype = 'c' AND convalidated), '')) AS d (made)
WHERE t.typtype = 'd'
UNION ALL
SELECT 3.5, 'pg_type'::regclass, t.oid, 'domain constraint', '', t.name || ' ' || quote_ident(conname), made, made
FROM usertype t JOIN pg_constraint k ON k.contypid = t.oid AND k.contype = 'c' AND NOT k.convalidated,
     format('ALTER DOMAIN %s ADD CONSTRAINT %I %s', t.name, conname, pg_get_constraintdef(k.oid)) AS made
UNION ALL
SELECT 3, 'pg_type'::regclass, t.oid, 'composite type', '', name, made, made
FROM usertype t, format('CREATE TYPE %s AS (%s)', name,
     (SELECT string_agg(format('%I %s%s', attname, format_type(atttypid, atttypmod),
             CASE WHEN a.attcollation <> b.typcollation THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END), ', ' ORDER BY attnum)
      FROM pg_attribute a JOIN pg_type b ON b.oid = atttypid WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped)) AS made
WHERE typtype = 'c'
UNION ALL
SELECT 3, 'pg_type'::regclass, t.oid, 'range type', '', t.name, made, made
FROM usertype t JOIN pg_range r ON r.rngtypid = t.oid JOIN pg_opclass o ON o.oid = r.rngsubopc
     JOIN pg_namespace on_ ON on_.oid = o.opcnamespace JOIN pg_type m ON m.oid = r.rngmultitypid JOIN pg_namespace mn ON mn.oid = m.typnamespace,
     format('CREATE TYPE %s AS RANGE (SUBTYPE = %s, SUBTYPE_OPCLASS = %I.%I, MULTIRANGE_TYPE_NAME = %I.%I%s%s)', t.name,
            format_type(rngsubtype, NULL), on_.nspname, o.opcname, mn.nspname, m.typname,
            CASE WHEN rngcollation <> 0 THEN ', COLLATION = ' || rngcollation::regcollation ELSE '' END,
            CASE WHEN rngsubdiff <> 0 THEN ', SUBTYPE_DIFF = ' || rngsubdiff::regproc ELSE '' END) AS made
UNION ALL
-- What nothing here makes is told, so that it is seen to be missing.
SELECT 3, 'pg_type'::regclass, t.oid, 'base type', '', t.name, 'CREATE TYPE ' || t.name, ''
FROM usertype t WHERE typtype = 'b'
