-- Which object needs which, to the column: what PostgreSQL keeps apart is told as the part that is changed.
, alias (class, object, to_class, to_object, to_sub) AS (
    SELECT 'pg_rewrite'::regclass::oid, w.oid, 'pg_class'::regclass::oid, w.ev_class, 0 FROM pg_rewrite w WHERE w.rulename = '_RETURN'
    UNION ALL SELECT 'pg_type'::regclass, t.oid, 'pg_class'::regclass, t.typrelid, 0 FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid AND c.relkind <> 'c'
    UNION ALL SELECT 'pg_class'::regclass, c.oid, 'pg_type'::regclass, c.reltype, 0 FROM pg_class c WHERE c.relkind = 'c'
    UNION ALL SELECT 'pg_type'::regclass, t.typarray, CASE WHEN c.relkind <> 'c' THEN 'pg_class'::regclass ELSE 'pg_type'::regclass END,
                     CASE WHEN c.relkind <> 'c' THEN c.oid ELSE t.oid END, 0
              FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid WHERE t.typarray <> 0
    UNION ALL SELECT 'pg_type'::regclass, rngmultitypid, 'pg_type'::regclass, rngtypid, 0 FROM pg_range
    UNION ALL SELECT 'pg_class'::regclass, conindid, 'pg_constraint'::regclass, oid, 0 FROM pg_constraint WHERE contype IN ('p', 'u', 'x')
    UNION ALL SELECT 'pg_constraint'::regclass, oid, 'pg_class'::regclass, conrelid, conkey[1] FROM pg_constraint WHERE contype = 'n' AND conrelid <> 0
    UNION ALL SELECT 'pg_constraint'::regclass, oid, 'pg_type'::regclass, contypid, 0 FROM pg_constraint WHERE contypid <> 0
    UNION ALL SELECT 'pg_attrdef'::regclass, d.oid, 'pg_class'::regclass, d.adrelid, d.adnum
              FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum AND a.attgenerated <> ''
),
edge AS (
    SELECT coalesce(a.to_class, d.classid) AS class, coalesce(a.to_object, d.objid) AS object, coalesce(a.to_sub, d.objsubid) AS sub,
           coalesce(b.to_class, d.refclassid) AS of_class, coalesce(b.to_object, d.refobjid) AS of_object, coalesce(b.to_sub, d.refobjsubid) AS of_sub
    FROM pg_depend d LEFT JOIN alias a ON a.class = d.classid AND a.object = d.objid
    LEFT JOIN alias b ON b.class = d.refclassid AND b.object = d.refobjid
    WHERE d.objid >= 16384 AND d.refobjid >= 16384 AND d.deptype IN ('n', 'a', 'i', 'P', 'S')
      -- A sequence is there without its column.
      AND NOT (d.deptype = 'a' AND d.classid = 'pg_class'::regclass AND d.objsubid = 0 AND d.refobjsubid > 0
               AND EXISTS (SELECT FROM pg_class WHERE oid = d.objid AND relkind = 'S'))
)
SELECT DISTINCT class, object, sub, of_class, of_object, of_sub FROM edge WHERE (class, object, sub) <> (of_class, of_object, of_sub)
