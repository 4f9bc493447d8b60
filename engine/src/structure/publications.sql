-- Publications, with lists of columns and filters of rows.
SELECT 14::float8 AS place, 'pg_publication'::regclass::oid AS class, p.oid AS object, 'publication' AS kind, '' AS relation, quote_ident(pubname) AS name, made AS definition, made AS sql
FROM pg_publication p, format('CREATE PUBLICATION %I%s WITH (publish = %L, publish_via_partition_root = %s)', pubname, CASE WHEN puballtables THEN ' FOR ALL TABLES' ELSE '' END,
     concat_ws(', ', CASE WHEN pubinsert THEN 'insert' END, CASE WHEN pubupdate THEN 'update' END, CASE WHEN pubdelete THEN 'delete' END, CASE WHEN pubtruncate THEN 'truncate' END), CASE WHEN pubviaroot THEN 'true' ELSE 'false' END) AS made
UNION ALL
SELECT 14.1, 'pg_publication_rel'::regclass, pr.oid, 'publication of table', r.name, quote_ident(pubname), made, made
FROM pg_publication_rel pr JOIN pg_publication p ON p.oid = pr.prpubid JOIN relation r ON r.oid = pr.prrelid,
     format('ALTER PUBLICATION %I ADD TABLE ONLY %s%s%s', pubname, r.name,
            coalesce(' (' || (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attname) FROM pg_attribute WHERE attrelid = r.oid AND attnum = ANY (pr.prattrs)) || ')', ''),
            coalesce(' WHERE (' || pg_get_expr(pr.prqual, pr.prrelid) || ')', '')) AS made
UNION ALL
SELECT 14.1, 'pg_publication_namespace'::regclass, pn.oid, 'publication of schema', '', format('%I %I', pubname, nspname), made, made
FROM pg_publication_namespace pn JOIN pg_publication p ON p.oid = pn.pnpubid JOIN own ON own.oid = pn.pnnspid,
     format('ALTER PUBLICATION %I ADD TABLES IN SCHEMA %I', pubname, nspname) AS made
