-- What rights can be given on: its ACL, the usual one, and its owner.
, thing (class, object, sub, relation, kind, on_what, columns, acl, usual, owner) AS (
    SELECT 'pg_class'::regclass::oid, r.oid, 0, CASE r.relkind WHEN 'S' THEN '' ELSE r.name END, CASE r.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, r.name, '',
           r.relacl, acldefault(CASE r.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", r.relowner), r.relowner
    FROM relation r WHERE r.relkind IN ('r', 'p', 'v', 'm', 'S')
    UNION ALL
    SELECT 'pg_class'::regclass, r.oid, a.attnum, r.name, 'TABLE', r.name, format(' (%I)', a.attname), a.attacl, NULL, r.relowner
    FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE a.attacl IS NOT NULL
    UNION ALL
    SELECT 'pg_namespace'::regclass, oid, 0, '', 'SCHEMA', quote_ident(nspname), '', nspacl, acldefault('n', nspowner), nspowner FROM own
    UNION ALL
    SELECT 'pg_proc'::regclass, oid, 0, '', 'ROUTINE', name, '', proacl, acldefault('f', proowner), proowner FROM routine WHERE prokind IN ('f', 'p', 'w', 'a')
    UNION ALL
    SELECT 'pg_type'::regclass, oid, 0, '', 'TYPE', name, '', typacl, acldefault('T', typowner), typowner FROM usertype
),
