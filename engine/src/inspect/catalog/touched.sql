-- $1 are the words of revisions, $2 their ids.
WITH RECURSIVE said AS MATERIALIZED (SELECT DISTINCT word FROM unnest($1::text[]) AS word),
-- What a function names may be touched by whoever calls it.
word AS MATERIALIZED (
    SELECT word FROM said
    UNION SELECT variant FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace,
                 regexp_split_to_table(coalesce(pg_get_function_sqlbody(p.oid), p.prosrc), '[^[:alnum:]_$]+') AS part,
                 LATERAL (VALUES (part), (lower(part))) AS variants (variant)
          WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'concertina')
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
    -- plans
),
seed AS (
    SELECT c.oid FROM pg_class c JOIN word ON word.word = c.relname
    UNION SELECT a.attrelid FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type e ON e.oid = t.typelem
          WHERE a.atttypid >= 16384 AND a.attnum > 0 AND EXISTS (SELECT FROM said WHERE said.word IN (t.typname, e.typname))
    UNION SELECT s.stxrelid FROM pg_statistic_ext s JOIN said ON said.word = s.stxname
    UNION SELECT t.tgrelid FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN said ON said.word = p.proname
    UNION SELECT coalesce(f.adrelid, k.conrelid, w.ev_class, o.polrelid, d.objid)
          FROM pg_depend d
          JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid JOIN said ON said.word = p.proname
          LEFT JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
          LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
          LEFT JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
          LEFT JOIN pg_policy o ON d.classid = 'pg_policy'::regclass AND o.oid = d.objid
          WHERE d.classid IN ('pg_attrdef'::regclass, 'pg_constraint'::regclass, 'pg_rewrite'::regclass, 'pg_policy'::regclass, 'pg_class'::regclass)
),
tie AS (
    SELECT inhrelid AS one, inhparent AS other FROM pg_inherits
    UNION ALL SELECT conrelid, confrelid FROM pg_constraint WHERE contype = 'f'
    UNION ALL SELECT indexrelid, indrelid FROM pg_index WHERE indrelid >= 16384
    UNION ALL SELECT w.ev_class, d.refobjid FROM pg_rewrite w
              JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
              WHERE w.ev_class >= 16384
    UNION ALL SELECT f.adrelid, d.refobjid FROM pg_attrdef f
              JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass
              WHERE d.refobjid <> f.adrelid
    UNION ALL SELECT d.objid, d.refobjid FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
              WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
    UNION ALL SELECT a.attrelid, t.typrelid FROM pg_attribute a JOIN pg_type u ON u.oid = a.atttypid
              JOIN pg_type t ON t.oid IN (u.oid, u.typelem) WHERE a.atttypid >= 16384 AND a.attnum > 0 AND t.typrelid <> 0
),
ways AS MATERIALIZED (SELECT one, other FROM tie UNION ALL SELECT other, one FROM tie),
touched AS (
    SELECT oid FROM seed
    UNION
    SELECT ways.other FROM touched JOIN ways ON ways.one = touched.oid
)
SELECT oid FROM touched WHERE oid >= 16384
