-- Schemas of views that we made, one for each version of the application; its own tables are elsewhere.
WITH version AS (
    SELECT n.oid, n.nspname, number, substring(comment from '^concertina version [0-9]+: (.*)$') AS revision
    FROM pg_namespace n, obj_description(n.oid, 'pg_namespace') AS comment,
         CAST(substring(comment from '^concertina version ([0-9]+): ') AS int) AS number
    WHERE number IS NOT NULL
),
relation AS (
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.relam, c.relowner, c.relrowsecurity, c.relforcerowsecurity,
           c.reloptions, c.relreplident, c.relispopulated, c.relacl, c.relpartbound, c.reloftype
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
      AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'concertina')
      AND n.nspname NOT LIKE 'pg\_temp\_%' AND n.nspname NOT LIKE 'pg\_toast\_temp\_%'
      AND n.oid NOT IN (SELECT oid FROM version)
      AND ($1::oid[] IS NULL OR c.oid IN (SELECT unnest($1::oid[])))
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
children AS (
    SELECT i.inhparent, json_agg(json_build_array(n.nspname, c.relname) ORDER BY c.relname) AS list
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    GROUP BY i.inhparent
),
columns AS (
    SELECT a.attrelid, json_agg(json_build_object(
        'name', a.attname,
        'type_sql', format_type(a.atttypid, a.atttypmod),
        'not_null', a.attnotnull,
        'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
        'generated', a.attgenerated <> '' OR a.attidentity <> '',
        'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by_default' END,
        'owns_sequence', EXISTS (SELECT FROM pg_depend o WHERE o.classid = 'pg_class'::regclass AND o.refclassid = 'pg_class'::regclass
                                   AND o.refobjid = a.attrelid AND o.refobjsubid = a.attnum AND o.deptype = 'a'
                                   AND (SELECT relkind FROM pg_class WHERE oid = o.objid) = 'S'),
        'expression', CASE WHEN a.attgenerated <> ''
                           THEN json_build_array(pg_get_expr(d.adbin, d.adrelid), a.attgenerated = 's') END,
        'compression', CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END,
        'options', coalesce(to_json(a.attoptions), '[]'),
        'rights', to_json(a.attacl::text[]),
        'comment', col_description(a.attrelid, a.attnum),
        -- Since PostgreSQL 17 the default is NULL.
        'statistics', coalesce(a.attstattarget, -1),
        'storage', CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'x' THEN 'EXTENDED' ELSE 'MAIN' END,
        'collation', (SELECT format('%I.%I', n.nspname, c.collname)
                      FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
                      WHERE c.oid = a.attcollation AND a.attcollation <> t.typcollation),
        'inherited', a.attinhcount,
        'storage_set', a.attstorage <> t.typstorage
    ) ORDER BY a.attnum) AS list
    FROM pg_attribute a
    JOIN relation ON relation.oid = a.attrelid
    JOIN pg_type t ON t.oid = a.atttypid
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
        'relies_on', (SELECT c.relname FROM pg_class c WHERE k.contype = 'f' AND c.oid = k.conindid),
        'references', (SELECT json_build_array(n.nspname, c.relname)
                       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                       WHERE k.contype = 'f' AND c.oid = k.confrelid),
        'comment', obj_description(k.oid, 'pg_constraint')
    ) ORDER BY k.conname) AS list
    FROM pg_constraint k JOIN relation ON relation.oid = k.conrelid
    -- A foreign key to a partitioned table has one more for each partition, on the same table.
    WHERE k.conparentid = 0 OR NOT EXISTS (SELECT FROM pg_constraint whole WHERE whole.oid = k.conparentid AND whole.conrelid = k.conrelid)
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
        'clustered', i.indisclustered,
        'options', coalesce(to_json(c.reloptions), '[]'),
        'constraint', (SELECT k.conname FROM pg_constraint k
                       WHERE k.conrelid = i.indrelid AND k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x') LIMIT 1),
        'definition', pg_get_indexdef(i.indexrelid),
        'tablespace', (SELECT spcname FROM pg_tablespace WHERE oid = c.reltablespace),
        'comment', obj_description(i.indexrelid, 'pg_class'),
        'part_of', (SELECT json_build_array(pn.nspname, pc.relname)
                    FROM pg_inherits h JOIN pg_class pc ON pc.oid = h.inhparent JOIN pg_namespace pn ON pn.oid = pc.relnamespace
                    WHERE c.relispartition AND h.inhrelid = i.indexrelid)
    ) ORDER BY i.indexrelid) AS list
    FROM pg_index i
    JOIN relation ON relation.oid = i.indrelid
    JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    GROUP BY i.indrelid
),
triggers AS (
    SELECT t.tgrelid, json_agg(json_build_object(
        'name', t.tgname,
        'on_update', t.tgenabled <> 'D' AND t.tgtype & 17 = 17,
        'on_delete', t.tgenabled <> 'D' AND t.tgtype & 9 = 9,
        -- One that is disabled would be made again enabled.
        'definition', CASE WHEN t.tgenabled = 'D' THEN '' ELSE pg_get_triggerdef(t.oid) END,
        'columns', (SELECT coalesce(json_agg(a.attname ORDER BY a.attnum), '[]') FROM pg_attribute a
                    WHERE a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr::int2[])),
        'of_statement', json_build_array(t.tgenabled <> 'D' AND t.tgtype & 5 = 4, t.tgenabled <> 'D' AND t.tgtype & 17 = 16,
                                         t.tgenabled <> 'D' AND t.tgtype & 9 = 8),
        'in_replica', t.tgenabled IN ('A', 'R'),
        'of_parent', t.tgparentid <> 0
    ) ORDER BY t.tgname) AS list
    FROM pg_trigger t JOIN relation ON relation.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND t.tgname !~ '^(zzz_|!)concertina_'
    GROUP BY t.tgrelid
),
policies AS (
    SELECT p.polrelid, json_agg(json_build_object(
        'name', p.polname,
        'definition', format('CREATE POLICY %I ON %I.%I AS %s FOR %s TO %s', p.polname, relation.nspname, relation.relname,
            CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
            CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
            conditions),
        'alteration', format('ALTER POLICY %I ON %I.%I TO %s', p.polname, relation.nspname, relation.relname, conditions)
    ) ORDER BY p.polname) AS list
    FROM pg_policy p JOIN relation ON relation.oid = p.polrelid,
         LATERAL (SELECT string_agg(CASE WHEN role = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END, ', ')
                         || coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
                         || coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '') AS conditions
                  FROM unnest(p.polroles) AS role) AS told
    GROUP BY p.polrelid
),
-- What stands on a table or its columns, by the name by which a statement drops it.
standing AS (
    SELECT d.*, CASE d.classid
        WHEN 'pg_policy'::regclass
            THEN (SELECT jsonb_build_object('policy', p.polname) FROM pg_policy p WHERE p.oid = d.objid AND p.polrelid = d.refobjid)
        WHEN 'pg_trigger'::regclass
            THEN (SELECT jsonb_build_object('trigger', t.tgname) FROM pg_trigger t WHERE t.oid = d.objid AND t.tgrelid = d.refobjid)
        WHEN 'pg_rewrite'::regclass
            THEN (SELECT jsonb_build_object('rule', w.rulename) FROM pg_rewrite w
                  WHERE w.oid = d.objid AND w.ev_class = d.refobjid AND w.rulename <> '_RETURN')
        WHEN 'pg_attrdef'::regclass
            THEN (SELECT jsonb_build_object('column', a.attname) FROM pg_attrdef f
                  JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
                  WHERE f.oid = d.objid AND f.adrelid = d.refobjid AND a.attnum <> d.refobjsubid)
        WHEN 'pg_class'::regclass
            THEN (SELECT jsonb_build_object('column', a.attname) FROM pg_attribute a
                  WHERE a.attrelid = d.objid AND a.attnum = d.objsubid AND d.objsubid > 0 AND d.objid = d.refobjid)
        WHEN 'pg_proc'::regclass
            THEN (SELECT jsonb_build_object('function', p.proname) FROM pg_proc p WHERE p.oid = d.objid) END AS by
    FROM pg_depend d
    JOIN relation ON relation.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass
),
-- What would be in the way of a DROP: rules of views, defaults and policies of other tables, functions with a body that
-- PostgreSQL has parsed; of a column also the policies, triggers, rules and computed columns of its own table. The
-- constraints and indexes of the table itself go with it.
dependants AS (
    SELECT d.refobjid, json_agg(DISTINCT jsonb_build_object(
        'column', a.attname,
        'by', d.by,
        'what', CASE WHEN d.classid = 'pg_rewrite'::regclass AND d.by IS NULL
                     THEN (SELECT CASE v.relkind WHEN 'm' THEN 'materialized view ' ELSE 'view ' END || v.oid::regclass
                           FROM pg_rewrite w JOIN pg_class v ON v.oid = w.ev_class WHERE w.oid = d.objid)
                     ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END)) AS list
    FROM standing d
    JOIN relation ON relation.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass
    LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
    WHERE d.deptype = 'n'
      AND (d.classid IN ('pg_proc'::regclass, 'pg_policy'::regclass, 'pg_publication_rel'::regclass)
           OR d.classid = 'pg_rewrite'::regclass
              AND NOT EXISTS (SELECT FROM pg_rewrite w WHERE w.oid = d.objid AND w.ev_class = d.refobjid AND w.rulename = '_RETURN')
           OR d.classid = 'pg_trigger'::regclass AND d.refobjsubid > 0
              AND NOT EXISTS (SELECT FROM pg_trigger t
                              WHERE t.oid = d.objid AND (t.tgparentid <> 0 OR t.tgname ~ '^(zzz_|!)concertina_'))
           OR d.classid = 'pg_attrdef'::regclass
              AND EXISTS (SELECT FROM pg_attrdef f WHERE f.oid = d.objid AND f.adrelid = d.refobjid AND d.refobjsubid > 0
                                                    AND f.adnum <> d.refobjsubid))
      AND (d.classid <> 'pg_publication_rel'::regclass OR d.refobjsubid > 0)
      -- What our versions show is theirs to give up.
      AND NOT (d.classid = 'pg_rewrite'::regclass AND EXISTS (
          SELECT FROM pg_rewrite w JOIN pg_class v ON v.oid = w.ev_class JOIN version ON version.oid = v.relnamespace
          WHERE w.oid = d.objid))
    GROUP BY d.refobjid
), rules AS (
    SELECT w.ev_class, json_agg(json_build_object('name', w.rulename, 'in_replica', w.ev_enabled IN ('A', 'R'),
                                                  'event', json_build_array(w.ev_type = '3', w.ev_type = '2', w.ev_type = '4'))
                                ORDER BY w.rulename) AS list
    FROM pg_rewrite w JOIN relation ON relation.oid = w.ev_class
    WHERE relation.relkind IN ('r', 'p', 'f') AND w.ev_type <> '1' AND w.ev_enabled <> 'D'
    GROUP BY w.ev_class
),
-- Where values of a table's row type are stored: in columns of composite types, arrays, domains and ranges.
stored_rows AS (
    WITH RECURSIVE held AS (
        SELECT c.oid::regclass || '.' || quote_ident(a.attname) AS holder, t.oid AS type
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
        WHERE c.relkind IN ('r', 'p', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid >= 16384
          AND (t.typtype IN ('c', 'd', 'r', 'm') OR t.typelem <> 0)
        UNION
        SELECT held.holder, part.type
        FROM held JOIN pg_type t ON t.oid = held.type,
             LATERAL (SELECT t.typelem AS type WHERE t.typelem <> 0 UNION ALL
                      SELECT t.typbasetype WHERE t.typbasetype <> 0 UNION ALL
                      SELECT r.rngsubtype FROM pg_range r WHERE r.rngtypid = t.oid UNION ALL
                      SELECT a.atttypid FROM pg_attribute a
                      WHERE t.typrelid <> 0 AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS part
        WHERE part.type >= 16384
    )
    SELECT t.typrelid, held.holder FROM held JOIN pg_type t ON t.oid = held.type WHERE t.typrelid <> 0
),
-- What ALTER COLUMN TYPE doesn't follow: the words are PostgreSQL's own where it refuses too.
type_obstacle AS (
    SELECT d.refobjid AS relid, a.attname, d.classid, d.objid, d.by, false AS of_rewrites,
           CASE d.classid WHEN 'pg_rewrite'::regclass THEN 'cannot alter type of a column used by a view or rule'
                          WHEN 'pg_trigger'::regclass THEN 'cannot alter type of a column used in a trigger definition'
                          WHEN 'pg_policy'::regclass THEN 'cannot alter type of a column used in a policy definition'
                          WHEN 'pg_proc'::regclass THEN 'cannot alter type of a column used by a function or procedure'
                          WHEN 'pg_publication_rel'::regclass THEN 'cannot alter type of a column used by a publication WHERE clause'
                          WHEN 'pg_attrdef'::regclass THEN 'cannot alter type of a column used by a generated column'
                          WHEN 'pg_class'::regclass THEN CASE WHEN d.objid = d.refobjid
                              THEN 'cannot alter type of a column used by a generated column'
                              ELSE 'what depends on the column can''t be carried over' END
                          ELSE 'what depends on the column can''t be carried over' END AS message,
           pg_describe_object(d.classid, d.objid, d.objsubid) || ' depends on column ' || quote_ident(a.attname) AS detail
    FROM standing d
    JOIN relation ON relation.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
    JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE relation.relkind IN ('r', 'p')
      AND CASE d.classid
          -- PostgreSQL 14 says of the generated column itself, not of its expression, what it depends on.
          WHEN 'pg_class'::regclass THEN (d.objid <> d.refobjid OR d.objsubid > 0)
                                         AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = d.objid AND c.relkind IN ('i', 'I', 'S'))
          WHEN 'pg_constraint'::regclass THEN false
          WHEN 'pg_statistic_ext'::regclass THEN false
          WHEN 'pg_attrdef'::regclass
              THEN NOT EXISTS (SELECT FROM pg_attrdef f WHERE f.oid = d.objid AND f.adrelid = d.refobjid AND f.adnum = d.refobjsubid)
          WHEN 'pg_trigger'::regclass
              THEN NOT EXISTS (SELECT FROM pg_trigger t WHERE t.oid = d.objid AND t.tgname ~ '^(zzz_|!)concertina_')
          WHEN 'pg_rewrite'::regclass
              THEN NOT EXISTS (SELECT FROM pg_rewrite w JOIN pg_class v ON v.oid = w.ev_class JOIN version ON version.oid = v.relnamespace
                               WHERE w.oid = d.objid)
          ELSE true END
    UNION
    SELECT t.typrelid, NULL, 0, 0, NULL::jsonb, true,
           format('cannot alter table "%s" because column "%s" uses its row type', r.relname, t.holder),
           format('column %s stores rows of it', t.holder)
    FROM stored_rows t JOIN relation r ON r.oid = t.typrelid
    UNION
    SELECT r.oid, NULL, 0, 0, NULL, false, 'cannot alter column type of typed table', format('%I is a table of a type', r.relname)
    FROM relation r WHERE r.reloftype <> 0
    UNION
    SELECT l.objoid, a.attname, 0, 0, NULL, true, 'a security label can''t be carried over',
           format('column %I has a label of provider %s', a.attname, l.provider)
    FROM pg_seclabel l JOIN pg_attribute a ON a.attrelid = l.objoid AND a.attnum = l.objsubid AND l.objsubid > 0
    WHERE l.classoid = 'pg_class'::regclass
    UNION
    SELECT a.attrelid, a.attname, 0, 0, NULL, true, 'a right that somebody else than the owner granted can''t be carried over',
           format('column %I has rights granted by %I', a.attname, pg_get_userbyid(item.grantor))
    FROM pg_attribute a JOIN relation r ON r.oid = a.attrelid, aclexplode(a.attacl) AS item
    WHERE a.attacl IS NOT NULL AND a.attnum > 0 AND NOT a.attisdropped AND item.grantor <> r.relowner
    UNION
    -- The sequence of an identity goes with its column, and another takes its place.
    SELECT own.refobjid, a.attname, 0, 0, NULL, true, 'what depends on the sequence of an identity column can''t be carried over',
           pg_describe_object(d.classid, d.objid, d.objsubid) || ' depends on sequence ' || own.objid::regclass
    FROM pg_depend own
    JOIN pg_class s ON s.oid = own.objid AND s.relkind = 'S'
    JOIN pg_attribute a ON a.attrelid = own.refobjid AND a.attnum = own.refobjsubid AND a.attidentity <> ''
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = s.oid AND d.deptype <> 'i'
    WHERE own.classid = 'pg_class'::regclass AND own.refclassid = 'pg_class'::regclass AND own.deptype = 'i'
    UNION
    SELECT own.refobjid, a.attname, 0, 0, NULL, true, 'a right that somebody else than the owner granted can''t be carried over',
           format('sequence %s has rights granted by %I', s.oid::regclass, pg_get_userbyid(item.grantor))
    FROM pg_depend own
    JOIN pg_class s ON s.oid = own.objid AND s.relkind = 'S'
    JOIN pg_attribute a ON a.attrelid = own.refobjid AND a.attnum = own.refobjsubid AND a.attidentity <> '',
         aclexplode(s.relacl) AS item
    WHERE own.classid = 'pg_class'::regclass AND own.refclassid = 'pg_class'::regclass AND own.deptype = 'i'
      AND item.grantor <> s.relowner
),
assigned AS (
    SELECT c.castmethod, json_build_array(sn.nspname || '.' || s.typname, tn.nspname || '.' || t.typname) AS pair
    FROM pg_cast c
    JOIN pg_type s ON s.oid = c.castsource JOIN pg_namespace sn ON sn.oid = s.typnamespace
    JOIN pg_type t ON t.oid = c.casttarget JOIN pg_namespace tn ON tn.oid = t.typnamespace
    WHERE c.castcontext IN ('i', 'a')
),
type_obstacles AS (
    SELECT relid, json_agg(json_build_object('column', attname, 'message', message, 'detail', detail, 'of_rewrites', of_rewrites, 'by', by,
                                             'view', CASE WHEN v.oid IS NOT NULL THEN json_build_array(n.nspname, v.relname) END)
                           ORDER BY attname, message, detail) AS list
    FROM type_obstacle
    LEFT JOIN pg_rewrite w ON classid = 'pg_rewrite'::regclass AND w.oid = objid
    LEFT JOIN pg_class v ON v.oid = w.ev_class AND v.relkind IN ('v', 'm')
    LEFT JOIN pg_namespace n ON n.oid = v.relnamespace
    GROUP BY relid
)
SELECT json_build_object(
    'server_version', current_setting('server_version_num')::int,
    'search_path', to_json(current_schemas(false)),
    'versions', (SELECT coalesce(json_agg(json_build_object('schema', v.nspname, 'number', v.number, 'revision', v.revision,
                     'views', (SELECT coalesce(json_agg(c.relname ORDER BY c.relname), '[]') FROM pg_class c
                               WHERE c.relnamespace = v.oid AND c.relkind = 'v')) ORDER BY v.number), '[]') FROM version v),
    'tables', (SELECT coalesce(json_agg(json_build_object(
            'schema', r.nspname,
            'name', r.relname,
            'kind', CASE r.relkind WHEN 'r' THEN 'plain' WHEN 'p' THEN 'partitioned' WHEN 'f' THEN 'foreign'
                              WHEN 'm' THEN 'materialized' ELSE 'view' END,
            'heap', coalesce((SELECT amname = 'heap' FROM pg_am WHERE pg_am.oid = r.relam), false),
            'rows', coalesce(storage.rows, 0),
            'pages', coalesce(storage.pages, 0),
            'owned', pg_has_role(r.relowner, 'USAGE'),
            'owner', pg_get_userbyid(r.relowner),
            'rights', to_json(r.relacl::text[]),
            'comment', obj_description(r.oid, 'pg_class'),
            'row_security', r.relrowsecurity,
            'row_security_forced', r.relforcerowsecurity,
            'unfilled', r.relkind = 'm' AND NOT r.relispopulated,
            'columns', coalesce(columns.list, '[]'),
            'constraints', coalesce(constraints.list, '[]'),
            'indexes', coalesce(indexes.list, '[]'),
            'triggers', coalesce(triggers.list, '[]'),
            'rules', coalesce(rules.list, '[]'),
            'type_obstacles', coalesce(type_obstacles.list, '[]'),
            'of_type', r.reloftype <> 0,
            'policies', coalesce(policies.list, '[]'),
            'statistics', (SELECT coalesce(json_agg(json_build_array(n.nspname, s.stxname, pg_get_statisticsobjdef(s.oid)
                                                        || coalesce(format('; COMMENT ON STATISTICS %I.%I IS %L', n.nspname, s.stxname,
                                                                           obj_description(s.oid, 'pg_statistic_ext')), ''))
                                                    ORDER BY s.stxname), '[]')
                           FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE s.stxrelid = r.oid),
            'partitions', CASE WHEN r.relkind = 'p' THEN coalesce(children.list, '[]') ELSE '[]' END,
            'children', CASE WHEN r.relkind = 'r' THEN coalesce(children.list, '[]') ELSE '[]' END,
            'partition_key', (SELECT json_build_object(
                    'strategy', CASE p.partstrat WHEN 'r' THEN 'RANGE' WHEN 'l' THEN 'LIST' ELSE 'HASH' END,
                    'columns', (SELECT json_agg(coalesce(a.attname, '') ORDER BY key.place)
                                FROM unnest(p.partattrs::int2[]) WITH ORDINALITY AS key (number, place)
                                LEFT JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = key.number AND key.number > 0))
                FROM pg_partitioned_table p WHERE p.partrelid = r.oid),
            'partition_of', (SELECT json_build_object('schema', n.nspname, 'name', c.relname,
                                                      'bound', pg_get_expr(r.relpartbound, r.oid))
                FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE i.inhrelid = r.oid AND r.relpartbound IS NOT NULL),
            'dependants', coalesce(dependants.list, '[]'),
            'options', coalesce(to_json(r.reloptions), '[]'),
            'replica_identity', CASE r.relreplident WHEN 'd' THEN 'DEFAULT' WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING'
                    ELSE (SELECT format('USING INDEX %I', c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                          WHERE i.indrelid = r.oid AND i.indisreplident) END
        ) ORDER BY r.nspname, r.relname), '[]')
        FROM relation r
        LEFT JOIN storage ON storage.root = r.oid
        LEFT JOIN children ON children.inhparent = r.oid
        LEFT JOIN columns ON columns.attrelid = r.oid
        LEFT JOIN constraints ON constraints.conrelid = r.oid
        LEFT JOIN indexes ON indexes.indrelid = r.oid
        LEFT JOIN triggers ON triggers.tgrelid = r.oid
        LEFT JOIN rules ON rules.ev_class = r.oid
        LEFT JOIN type_obstacles ON type_obstacles.relid = r.oid
        LEFT JOIN policies ON policies.polrelid = r.oid
        LEFT JOIN dependants ON dependants.refobjid = r.oid),
    'enums', (SELECT coalesce(json_agg(json_build_object('schema', n.nspname, 'name', t.typname, 'labels',
                (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))), '[]')
              FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
              WHERE t.typtype = 'e' AND EXISTS (SELECT FROM pg_enum e WHERE e.enumtypid = t.oid)),
    'constrained_domains', (
        WITH RECURSIVE demanding AS (
            SELECT t.oid, t.typname FROM pg_type t
            WHERE t.typtype = 'd' AND (t.typnotnull OR t.oid IN (SELECT k.contypid FROM pg_constraint k WHERE k.contypid <> 0))
            UNION
            SELECT t.oid, t.typname FROM pg_type t JOIN demanding d ON t.typbasetype = d.oid WHERE t.typtype = 'd')
        SELECT coalesce(json_agg(DISTINCT typname), '[]') FROM demanding
        WHERE oid NOT IN (SELECT t.oid FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
                          WHERE n.nspname = 'information_schema')),
    'types', (
        WITH RECURSIVE demanding AS (
            SELECT t.oid FROM pg_type t
            WHERE t.typtype = 'd' AND (t.typnotnull OR t.oid IN (SELECT k.contypid FROM pg_constraint k WHERE k.contypid <> 0))
            UNION
            SELECT t.oid FROM pg_type t JOIN demanding d ON t.typbasetype = d.oid WHERE t.typtype = 'd')
        SELECT coalesce(json_agg(json_build_object('schema', n.nspname, 'name', t.typname,
                   'base', CASE t.typtype WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
                   'demanding', t.oid IN (SELECT oid FROM demanding),
                   'defaulted', t.typdefault IS NOT NULL,
                   'collation', (SELECT format('%I.%I', cn.nspname, c.collname)
                                 FROM pg_collation c JOIN pg_namespace cn ON cn.oid = c.collnamespace
                                 WHERE c.oid = t.typcollation AND c.collname <> 'default'),
                   'attributes', (SELECT coalesce(json_agg(format_type(a.atttypid, a.atttypmod)), '[]') FROM pg_attribute a
                                  WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped),
                   'hidden', NOT pg_type_is_visible(t.oid)) ORDER BY n.nspname, t.typname), '[]')
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'concertina')
          AND n.nspname NOT LIKE 'pg\_temp\_%' AND n.nspname NOT LIKE 'pg\_toast\_temp\_%'
          -- Arrays, and rows of relations.
          AND t.oid NOT IN (SELECT typarray FROM pg_type)
          AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c')),
    'binary_casts', (SELECT coalesce(json_agg(pair), '[]') FROM assigned WHERE castmethod = 'b'),
    'assignment_casts', (SELECT coalesce(json_agg(pair), '[]') FROM assigned),
    'functions', (SELECT coalesce(json_agg(json_build_object('schema', n.nspname, 'name', p.proname,
                      'arguments', pg_get_function_identity_arguments(p.oid), 'definition', pg_get_functiondef(p.oid))
                      ORDER BY n.nspname, p.proname), '[]')
                  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'concertina') AND p.prokind IN ('f', 'p')
                    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
                                                             AND d.deptype = 'e')),
    'schemas', (SELECT coalesce(json_agg(nspname), '[]') FROM pg_namespace),
    'other_relations', (SELECT coalesce(json_agg(json_build_array(n.nspname, c.relname)), '[]')
                        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                        WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'concertina')
                          AND (c.relkind IN ('S', 'c')
                               OR $1::oid[] IS NOT NULL AND c.oid NOT IN (SELECT oid FROM relation)
                                  AND c.oid NOT IN (SELECT i.indexrelid FROM pg_index i JOIN relation ON relation.oid = i.indrelid))),
    'extensions', (SELECT coalesce(json_agg(extname), '[]') FROM pg_extension),
    'available_extensions', (SELECT coalesce(json_agg(name), '[]') FROM pg_available_extensions),
    'volatile_functions', (SELECT coalesce(json_agg(DISTINCT proname), '[]') FROM pg_proc WHERE provolatile = 'v'),
    'reading_functions', (SELECT coalesce(json_agg(DISTINCT p.proname), '[]')
                          FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                          WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'concertina')
                            AND p.provolatile <> 'i' AND p.prokind = 'f'),
    'aggregates', (SELECT coalesce(json_agg(DISTINCT proname), '[]') FROM pg_proc WHERE prokind IN ('a', 'w')),
    -- Of functions of extensions and in C nobody knows what they look at: they aren't meant.
    'callers', (
        WITH called(caller, function) AS (
            SELECT oprname, oprcode::oid FROM pg_operator
            UNION ALL
            SELECT t.typname, c.castfunc FROM pg_cast c JOIN pg_type t ON t.oid = c.casttarget
            UNION ALL
            SELECT t.typname, d.refobjid FROM pg_type t JOIN pg_constraint k ON k.contypid = t.oid
                JOIN pg_depend d ON d.classid = 'pg_constraint'::regclass AND d.objid = k.oid
                                AND d.refclassid = 'pg_proc'::regclass
            WHERE t.typtype = 'd'),
        each(caller, names) AS (
            SELECT caller, json_agg(DISTINCT name) FROM (
                SELECT c.caller, p.proname FROM called c JOIN pg_proc p ON p.oid = c.function
                    JOIN pg_language l ON l.oid = p.prolang WHERE l.lanname NOT IN ('internal', 'c')
                    AND p.pronamespace <> 'pg_catalog'::regnamespace
                UNION ALL
                SELECT t.typname, b.typname FROM pg_type t JOIN pg_type b ON b.oid = t.typbasetype
                WHERE t.typtype = 'd' AND b.typtype = 'd' AND t.typname <> b.typname) AS one(caller, name)
            GROUP BY caller)
        SELECT coalesce(json_object_agg(caller, names), '{}') FROM each)
)
