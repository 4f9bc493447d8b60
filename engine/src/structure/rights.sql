-- Owners, rights, default privileges, comments and security labels.
word (class, object, sub, grantor, grantee, grantable, words) AS (
    SELECT class, object, sub, grantor, grantee, is_grantable, string_agg(privilege_type || columns, ', ' ORDER BY privilege_type)
    FROM thing, aclexplode(coalesce(acl, usual)) GROUP BY 1, 2, 3, 4, 5, 6
),
standard (class, object, sub, grantor, grantee, words) AS (
    SELECT class, object, sub, grantor, grantee, string_agg(privilege_type || columns, ', ' ORDER BY privilege_type)
    FROM thing, aclexplode(usual) GROUP BY 1, 2, 3, 4, 5
),
held AS (
    SELECT class, object, sub, coalesce(w.grantor, s.grantor) AS grantor, coalesce(w.grantee, s.grantee) AS grantee, w.words, w.with_option, s.words AS usual
    FROM (SELECT class, object, sub, grantor, grantee, string_agg(words, ', ') FILTER (WHERE NOT grantable) AS words,
                 string_agg(words, ', ') FILTER (WHERE grantable) AS with_option FROM word GROUP BY 1, 2, 3, 4, 5) AS w
    FULL JOIN standard s USING (class, object, sub, grantor, grantee)
),
privilege AS (
    SELECT defaclrole, defaclnamespace, CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES' WHEN 'T' THEN 'TYPES'
                                        WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END AS what,
           CASE WHEN defaclnamespace = 0 THEN acldefault(CASE defaclobjtype WHEN 'S' THEN 's' ELSE defaclobjtype END, defaclrole) END AS usual, defaclacl,
           format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s', pg_get_userbyid(defaclrole), coalesce(' IN SCHEMA ' || quote_ident(nspname), '')) AS head
    FROM pg_default_acl LEFT JOIN pg_namespace n ON n.oid = defaclnamespace WHERE defaclnamespace = 0 OR n.oid IN (SELECT oid FROM own)
),
label AS (
    SELECT l.*, i.type, i.identity FROM (SELECT classoid, objoid, objsubid, description, NULL::text AS provider FROM pg_description
                                          UNION ALL SELECT classoid, objoid, objsubid, label, provider FROM pg_seclabel) AS l,
         pg_identify_object(l.classoid, l.objoid, l.objsubid) AS i
    WHERE (l.objoid >= 16384 AND l.classoid <> 'pg_namespace'::regclass OR l.objoid IN (SELECT oid FROM own))
      AND (l.classoid, l.objoid) NOT IN (SELECT classid, objid FROM member)
      AND (i.schema IS NULL OR i.schema IN (SELECT quote_ident(nspname) FROM own))
)
SELECT 15::float8 AS place, class, object, 'owner' AS kind, relation, on_what AS name, made AS definition,
       CASE WHEN pg_get_userbyid(owner) = current_user THEN '' ELSE made END AS sql
FROM thing, format('ALTER %s %s OWNER TO %I', kind, on_what, pg_get_userbyid(owner)) AS made
WHERE sub = 0 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND thing.class = d.classid AND d.objid = thing.object
                              AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0 AND thing.kind = 'SEQUENCE')
UNION ALL
SELECT 15.1, 0, 0, 'rights', '', '', '', 'REVOKE ALL ON SCHEMA public FROM PUBLIC' WHERE EXISTS (SELECT FROM own WHERE nspname = 'public')
UNION ALL
SELECT 15.2, class, object, 'rights', relation, format('on %s%s of %s', t.on_what, t.columns, grantee_sql), made, made
FROM held h JOIN thing t USING (class, object, sub), LATERAL (
    SELECT CASE WHEN h.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(h.grantee)) END AS grantee_sql) AS g, LATERAL (
    SELECT concat_ws('; ', CASE WHEN h.grantor <> t.owner THEN 'SET ROLE ' || quote_ident(pg_get_userbyid(h.grantor)) END,
        CASE WHEN h.usual IS NOT NULL THEN format('REVOKE ALL ON %s %s FROM %s', t.kind, t.on_what, grantee_sql) END,
        CASE WHEN h.words IS NOT NULL THEN format('GRANT %s ON %s %s TO %s', h.words, t.kind, t.on_what, grantee_sql) END,
        CASE WHEN h.with_option IS NOT NULL THEN format('GRANT %s ON %s %s TO %s WITH GRANT OPTION', h.with_option, t.kind, t.on_what, grantee_sql) END,
        CASE WHEN h.grantor <> t.owner THEN 'RESET ROLE' END)) AS d (made)
WHERE h.with_option IS NOT NULL OR h.words IS DISTINCT FROM h.usual
UNION ALL
SELECT 15.3, 0, 0, 'default privileges', '', format('%s on %s', head, what), made, made
FROM privilege p, LATERAL (
    SELECT string_agg(clause, '; ' ORDER BY clause DESC) FROM (
        SELECT format('%s REVOKE ALL ON %s FROM %s', head, what, CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
        FROM (SELECT DISTINCT grantee FROM aclexplode(usual)) AS u
        UNION ALL
        SELECT format('%s GRANT %s ON %s TO %s%s', head, string_agg(privilege_type, ', ' ORDER BY privilege_type), what,
                      CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
        FROM aclexplode(defaclacl) GROUP BY grantee, is_grantable) AS c (clause)) AS d (made)
WHERE made IS NOT NULL
UNION ALL
SELECT 16, l.classoid, l.objoid, CASE WHEN provider IS NULL THEN 'comment' ELSE 'security label' END, coalesce(r.name, ''), l.type || ' ' || l.identity, made, made
FROM label l LEFT JOIN pg_trigger t ON l.classoid = 'pg_trigger'::regclass AND t.oid = l.objoid
LEFT JOIN pg_constraint k ON l.classoid = 'pg_constraint'::regclass AND k.oid = l.objoid
LEFT JOIN pg_policy p ON l.classoid = 'pg_policy'::regclass AND p.oid = l.objoid
LEFT JOIN pg_rewrite w ON l.classoid = 'pg_rewrite'::regclass AND w.oid = l.objoid
LEFT JOIN pg_index i ON l.classoid = 'pg_class'::regclass AND i.indexrelid = l.objoid
LEFT JOIN relation r ON r.relkind <> 'S' AND r.oid = coalesce(t.tgrelid, nullif(k.conrelid, 0), p.polrelid, w.ev_class, i.indrelid, CASE WHEN l.classoid = 'pg_class'::regclass THEN l.objoid END),
LATERAL (
    SELECT concat(CASE WHEN provider IS NULL THEN 'COMMENT ON ' ELSE format('SECURITY LABEL FOR %I ON ', provider) END,
        CASE l.type WHEN 'table column' THEN 'COLUMN ' WHEN 'view column' THEN 'COLUMN ' WHEN 'materialized view column' THEN 'COLUMN ' WHEN 'composite type column' THEN 'COLUMN '
             WHEN 'table constraint' THEN 'CONSTRAINT ' WHEN 'domain constraint' THEN 'CONSTRAINT '
             WHEN 'statistics object' THEN 'STATISTICS ' WHEN 'composite type' THEN 'TYPE ' ELSE upper(l.type) || ' ' END,
        CASE l.type WHEN 'domain constraint' THEN replace(l.identity, ' on ', ' ON DOMAIN ') ELSE l.identity END,
        ' IS ', quote_literal(l.description))) AS d (made)
WHERE l.identity IS NOT NULL AND l.type NOT IN ('default value', 'subscription', 'extension')
