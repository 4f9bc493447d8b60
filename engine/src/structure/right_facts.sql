-- What a change of rights, default privileges and comments is written from.
held AS (
    SELECT class, object, sub, relation, kind, on_what, columns, owner, grantor, grantee,
           coalesce(jsonb_agg(jsonb_build_array(privilege_type || columns, is_grantable) ORDER BY privilege_type) FILTER (WHERE own), '[]') AS grants,
           coalesce(jsonb_agg(jsonb_build_array(privilege_type || columns, is_grantable) ORDER BY privilege_type) FILTER (WHERE NOT own), '[]') AS usual
    FROM (SELECT thing.*, true AS own, a.* FROM thing, aclexplode(coalesce(acl, usual)) AS a
          UNION ALL SELECT thing.*, false, a.* FROM thing, aclexplode(usual) AS a) AS both_lists
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
)
SELECT 'rights' AS kind, relation, format('on %s%s of %s', on_what, columns, grantee_sql) AS name, class, object, sub,
       jsonb_build_object('about', 'rights', 'on', format('%s %s', kind, on_what), 'grantee', grantee_sql, 'grants', grants, 'usual', usual,
           'grantor', CASE WHEN grantor <> owner THEN quote_ident(pg_get_userbyid(grantor)) END) AS facts
FROM held, LATERAL (SELECT CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS grantee_sql) AS g
WHERE grants <> usual
UNION ALL
SELECT 'default privileges', '', format('%s on %s', head, what), 0, 0, 0, jsonb_build_object('about', 'default_privileges', 'head', head, 'what', what,
       'grants', (SELECT coalesce(jsonb_agg(jsonb_build_array(CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, privilege_type, is_grantable)), '[]') FROM aclexplode(defaclacl)),
       'usual', (SELECT coalesce(jsonb_agg(jsonb_build_array(CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, privilege_type, is_grantable)), '[]') FROM aclexplode(usual)))
FROM pg_default_acl LEFT JOIN pg_namespace n ON n.oid = defaclnamespace, LATERAL (
    SELECT CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END,
           CASE WHEN defaclnamespace = 0 THEN acldefault(CASE defaclobjtype WHEN 'S' THEN 's' ELSE defaclobjtype END, defaclrole) END,
           format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s', pg_get_userbyid(defaclrole), coalesce(' IN SCHEMA ' || quote_ident(nspname), ''))) AS p (what, usual, head)
WHERE defaclnamespace = 0 OR n.oid IN (SELECT oid FROM own)
UNION ALL
SELECT CASE WHEN provider IS NULL THEN 'comment' ELSE 'security label' END, NULL, i.type || ' ' || i.identity, l.classoid, l.objoid,
       CASE WHEN l.classoid = 'pg_class'::regclass THEN l.objsubid ELSE 0 END, jsonb_build_object('about', 'label', 'text', quote_literal(l.text))
FROM (SELECT classoid, objoid, objsubid, description, NULL::text AS provider FROM pg_description
      UNION ALL SELECT classoid, objoid, objsubid, label, provider FROM pg_seclabel) AS l (classoid, objoid, objsubid, text, provider),
     pg_identify_object(l.classoid, l.objoid, l.objsubid) AS i
WHERE (l.objoid >= 16384 OR l.classoid = 'pg_namespace'::regclass) AND (l.classoid, l.objoid) NOT IN (SELECT classid, objid FROM member)
