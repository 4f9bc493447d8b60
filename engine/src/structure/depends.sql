-- Which object needs which, with what PostgreSQL keeps apart told as the object that makes it.
, alias (class, object, to_class, to_object) AS (
    SELECT 'pg_rewrite'::regclass::oid, w.oid, 'pg_class'::regclass::oid, w.ev_class FROM pg_rewrite w WHERE w.rulename = '_RETURN'
    UNION ALL SELECT 'pg_type'::regclass, t.oid, 'pg_class'::regclass, t.typrelid FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid AND c.relkind <> 'c'
    UNION ALL SELECT 'pg_class'::regclass, c.oid, 'pg_type'::regclass, c.reltype FROM pg_class c WHERE c.relkind = 'c'
    UNION ALL SELECT 'pg_type'::regclass, t.typarray, CASE WHEN c.relkind <> 'c' THEN 'pg_class'::regclass ELSE 'pg_type'::regclass END,
                     CASE WHEN c.relkind <> 'c' THEN c.oid ELSE t.oid END
              FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid WHERE t.typarray <> 0
    UNION ALL SELECT 'pg_type'::regclass, rngmultitypid, 'pg_type'::regclass, rngtypid FROM pg_range
    UNION ALL SELECT 'pg_class'::regclass, conindid, 'pg_constraint'::regclass, oid FROM pg_constraint WHERE contype IN ('p', 'u', 'x')
    UNION ALL SELECT 'pg_constraint'::regclass, oid, 'pg_class'::regclass, conrelid FROM pg_constraint WHERE contype IN ('c', 'n') AND conrelid <> 0 AND convalidated
    UNION ALL SELECT 'pg_constraint'::regclass, oid, 'pg_type'::regclass, contypid FROM pg_constraint WHERE contypid <> 0
    UNION ALL SELECT 'pg_attrdef'::regclass, d.oid, 'pg_class'::regclass, d.adrelid
              FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum AND a.attgenerated <> ''
)
SELECT DISTINCT coalesce(a.to_class, d.classid), coalesce(a.to_object, d.objid), coalesce(b.to_class, d.refclassid), coalesce(b.to_object, d.refobjid)
FROM pg_depend d LEFT JOIN alias a ON a.class = d.classid AND a.object = d.objid
LEFT JOIN alias b ON b.class = d.refclassid AND b.object = d.refobjid
WHERE d.objid >= 16384 AND d.refobjid >= 16384
  AND (coalesce(a.to_class, d.classid), coalesce(a.to_object, d.objid)) <> (coalesce(b.to_class, d.refclassid), coalesce(b.to_object, d.refobjid))
