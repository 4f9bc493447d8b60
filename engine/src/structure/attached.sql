-- What hangs on tables: constraints, indexes, statistics, rules, triggers, policies.
SELECT CASE WHEN k.contype IN ('c', 'n', 'f') THEN 9.6 ELSE 9 END::float8 AS place, 'pg_constraint'::regclass::oid AS class, k.oid AS object,
       'constraint' AS kind, r.name AS relation, quote_ident(conname) AS name,
       def || CASE WHEN k.conislocal OR r.relispartition THEN '' ELSE ' INHERITED' END AS definition,
       -- The table's statement makes the others.
       CASE WHEN k.contype IN ('c', 'n') AND convalidated OR NOT (k.conislocal OR r.relispartition AND k.contype IN ('p', 'u', 'x')) THEN ''
            ELSE format('ALTER TABLE %s%s ADD CONSTRAINT %I %s', CASE WHEN k.contype = 'f' OR r.relkind = 'p' AND k.contype = 'c' THEN '' ELSE 'ONLY ' END, r.name, conname, def) END AS sql
FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid, pg_get_constraintdef(k.oid) AS def
WHERE k.contype IN ('c', 'n', 'f', 'u', 'p', 'x') AND (k.conparentid = 0 OR k.contype <> 'f')
UNION ALL
SELECT 9.2, 'pg_class'::regclass, i.indexrelid, 'index', r.name, c.name, made || CASE WHEN indisvalid OR c.relkind = 'I' THEN '' ELSE ' INVALID' END, made
FROM relation r JOIN pg_index i ON i.indrelid = r.oid JOIN relation c ON c.oid = i.indexrelid, pg_get_indexdef(i.indexrelid) AS made
WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u', 'x'))
UNION ALL
SELECT 9.4, 'pg_class'::regclass, c.oid, 'index of partition', r.name, c.name, made, made
FROM relation c JOIN pg_inherits h ON h.inhrelid = c.oid JOIN pg_index i ON i.indexrelid = c.oid JOIN relation r ON r.oid = i.indrelid,
     format('ALTER INDEX %s ATTACH PARTITION %s', h.inhparent::regclass, c.name) AS made
WHERE c.relkind IN ('i', 'I')
UNION ALL
SELECT 9.3, 'pg_class'::regclass, c.oid, 'index setting', r.name, c.name, made, made
FROM relation c JOIN pg_index i ON i.indexrelid = c.oid JOIN relation r ON r.oid = i.indrelid LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace, LATERAL (
    SELECT EXISTS (SELECT FROM pg_constraint WHERE conindid = c.oid AND contype IN ('p', 'u', 'x'))) AS k (by_constraint), LATERAL (
    SELECT string_agg(setting, '; ') FROM (
        SELECT format('ALTER INDEX %s SET (%s)', c.name, array_to_string(c.reloptions, ', ')) WHERE c.reloptions IS NOT NULL AND by_constraint
        UNION ALL SELECT format('ALTER INDEX %s SET TABLESPACE %I', c.name, ts.spcname) WHERE ts.oid IS NOT NULL
        UNION ALL SELECT format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', c.name, attnum, attstattarget) FROM pg_attribute
                  WHERE attrelid = c.oid AND attstattarget >= 0
        UNION ALL SELECT format('ALTER TABLE %s CLUSTER ON %I', r.name, c.relname) WHERE i.indisclustered
        UNION ALL SELECT format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', r.name, c.relname) WHERE i.indisreplident) AS s (setting)) AS d (made)
WHERE made IS NOT NULL
UNION ALL
SELECT 9.5, 'pg_class'::regclass, r.oid, 'replica identity', r.name, '', made, made
FROM relation r, format('ALTER TABLE %s REPLICA IDENTITY %s', r.name, CASE relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END) AS made
WHERE r.relkind IN ('r', 'p', 'm') AND relreplident IN ('f', 'n')
UNION ALL
SELECT 9.7, 'pg_statistic_ext'::regclass, s.oid, 'statistics', r.name, format('%I.%I', n.nspname, s.stxname),
       -- By names: PostgreSQL tells the columns in the order of their places.
       concat_ws('; ', (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attname) FROM pg_attribute WHERE attrelid = r.oid AND attnum = ANY (s.stxkeys)),
                 pg_get_statisticsobjdef_expressions(s.oid)::text, s.stxkind::text, nullif(s.stxstattarget, -1)), made
FROM relation r JOIN pg_statistic_ext s ON s.stxrelid = r.oid JOIN pg_namespace n ON n.oid = s.stxnamespace, LATERAL (
    SELECT pg_get_statisticsobjdef(s.oid) || CASE WHEN s.stxstattarget >= 0
           THEN format('; ALTER STATISTICS %I.%I SET STATISTICS %s', n.nspname, s.stxname, s.stxstattarget) ELSE '' END) AS d (made)
UNION ALL
SELECT 12, 'pg_rewrite'::regclass, w.oid, 'rule', r.name, quote_ident(w.rulename), made, made
FROM relation r JOIN pg_rewrite w ON w.ev_class = r.oid AND w.rulename <> '_RETURN', LATERAL (
    SELECT rtrim(pg_get_ruledef(w.oid), ';') || CASE ev_enabled WHEN 'O' THEN '' ELSE format('; ALTER TABLE %s %s RULE %I', r.name,
           CASE ev_enabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, w.rulename) END) AS d (made)
UNION ALL
SELECT 12.2, 'pg_trigger'::regclass, t.oid, 'trigger', r.name, quote_ident(t.tgname), made, made
FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid, LATERAL (
    SELECT pg_get_triggerdef(t.oid) || CASE tgenabled WHEN 'O' THEN '' ELSE format('; ALTER TABLE %s %s TRIGGER %I', r.name,
           CASE tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, t.tgname) END) AS d (made)
WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgname !~ '^(zzz_|!)concertina_'
UNION ALL
-- A trigger of a partition that stands otherwise than its parent's.
SELECT 12.3, 'pg_trigger'::regclass, t.oid, 'trigger of partition', r.name, quote_ident(t.tgname), made, made
FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid JOIN pg_trigger p ON p.oid = t.tgparentid AND p.tgenabled <> t.tgenabled,
     format('ALTER TABLE %s %s TRIGGER %I', r.name, CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END, t.tgname) AS made
-- PostgreSQL 14 calls the partition's own internal.
WHERE NOT p.tgisinternal
UNION ALL
SELECT 13, 'pg_policy'::regclass, p.oid, 'policy', r.name, quote_ident(p.polname), made, made
FROM relation r JOIN pg_policy p ON p.polrelid = r.oid,
     format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', p.polname, r.name,
           CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
           CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
           (SELECT string_agg(CASE WHEN role = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END, ', ' ORDER BY role) FROM unnest(p.polroles) AS role),
           coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', ''), coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')) AS made
UNION ALL
SELECT 13.1, 'pg_class'::regclass, r.oid, 'row-level security', r.name, word, made, made
FROM relation r, LATERAL (SELECT 'ENABLE' WHERE r.relrowsecurity UNION ALL SELECT 'FORCE' WHERE r.relforcerowsecurity) AS flag (word),
     format('ALTER TABLE %s %s ROW LEVEL SECURITY', r.name, word) AS made
