-- Functions, procedures, aggregates, casts; and what hangs on functions.
SELECT 5::float8 AS place, 'pg_proc'::regclass::oid AS class, p.oid AS object,
       CASE prokind WHEN 'p' THEN 'procedure' ELSE 'function' END AS kind, '' AS relation, name, made AS definition, made AS sql
FROM routine p, btrim(pg_get_functiondef(CASE WHEN prokind IN ('f', 'p', 'w') THEN p.oid END), E' \n') AS made
WHERE prokind IN ('f', 'p', 'w')
UNION ALL
SELECT 5.2, 'pg_proc'::regclass, p.oid, 'aggregate', '', p.name, made, made
FROM routine p JOIN pg_aggregate a ON a.aggfnoid = p.oid JOIN pg_namespace n ON n.oid = p.pronamespace, LATERAL (
    SELECT format('CREATE AGGREGATE %I.%I(%s) (SFUNC = %s, STYPE = %s', n.nspname, p.proname,
                  coalesce(nullif(pg_get_function_arguments(p.oid), ''), '*'), aggtransfn, format_type(aggtranstype, NULL))
           || CASE WHEN aggtransspace <> 0 THEN ', SSPACE = ' || aggtransspace ELSE '' END
           || CASE WHEN aggfinalfn <> 0 THEN ', FINALFUNC = ' || aggfinalfn ELSE '' END
           || CASE WHEN aggfinalextra THEN ', FINALFUNC_EXTRA' ELSE '' END
           || CASE WHEN aggcombinefn <> 0 THEN ', COMBINEFUNC = ' || aggcombinefn ELSE '' END
           || CASE WHEN aggserialfn <> 0 THEN ', SERIALFUNC = ' || aggserialfn ELSE '' END
           || CASE WHEN aggdeserialfn <> 0 THEN ', DESERIALFUNC = ' || aggdeserialfn ELSE '' END
           || coalesce(', INITCOND = ' || quote_literal(agginitval), '')
           || CASE WHEN aggmtransfn <> 0 THEN format(', MSFUNC = %s, MINVFUNC = %s, MSTYPE = %s', aggmtransfn, aggminvtransfn, format_type(aggmtranstype, NULL)) ELSE '' END
           || CASE WHEN aggmfinalfn <> 0 THEN ', MFINALFUNC = ' || aggmfinalfn ELSE '' END
           || coalesce(', MINITCOND = ' || quote_literal(aggminitval), '')
           || CASE proparallel WHEN 's' THEN ', PARALLEL = SAFE' WHEN 'r' THEN ', PARALLEL = RESTRICTED' ELSE '' END
           || CASE aggkind WHEN 'h' THEN ', HYPOTHETICAL' ELSE '' END || ')') AS d (made)
UNION ALL
SELECT 5.4, 'pg_cast'::regclass, c.oid, 'cast', '', format('(%s AS %s)', format_type(castsource, NULL), format_type(casttarget, NULL)), made, made
FROM pg_cast c, LATERAL (
    SELECT format('CREATE CAST (%s AS %s) %s%s', format_type(castsource, NULL), format_type(casttarget, NULL),
                  CASE castmethod WHEN 'f' THEN 'WITH FUNCTION ' || castfunc::regprocedure WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END,
                  CASE castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END)) AS d (made)
WHERE c.oid >= 16384 AND NOT EXISTS (SELECT FROM member WHERE classid = 'pg_cast'::regclass AND objid = c.oid)
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_cast'::regclass AND objid = c.oid AND deptype = 'i')
UNION ALL
SELECT 20, 'pg_event_trigger'::regclass, e.oid, 'event trigger', '', quote_ident(evtname), made, made
FROM pg_event_trigger e, LATERAL (
    SELECT format('CREATE EVENT TRIGGER %I ON %s%s EXECUTE FUNCTION %s()', evtname, evtevent,
                  coalesce(' WHEN TAG IN (' || (SELECT string_agg(quote_literal(tag), ', ') FROM unnest(evttags) AS tag) || ')', ''), evtfoid::regproc)
           || CASE evtenabled WHEN 'D' THEN format('; ALTER EVENT TRIGGER %I DISABLE', evtname) WHEN 'R' THEN format('; ALTER EVENT TRIGGER %I ENABLE REPLICA', evtname)
                              WHEN 'A' THEN format('; ALTER EVENT TRIGGER %I ENABLE ALWAYS', evtname) ELSE '' END) AS d (made)
WHERE NOT EXISTS (SELECT FROM member WHERE classid = 'pg_event_trigger'::regclass AND objid = e.oid)
UNION ALL
-- What nothing here makes is told, so that it is seen to be missing.
SELECT 5.3, 'pg_operator'::regclass, o.oid, 'operator', '', o.oid::regoperator::text, 'CREATE OPERATOR ' || o.oid::regoperator, ''
FROM pg_operator o JOIN own ON own.oid = oprnamespace
WHERE NOT EXISTS (SELECT FROM member WHERE classid = 'pg_operator'::regclass AND objid = o.oid)
UNION ALL
SELECT 5.3, 'pg_opclass'::regclass, o.oid, 'operator class', '', format('%I.%I', nspname, opcname), format('CREATE OPERATOR CLASS %I.%I', nspname, opcname), ''
FROM pg_opclass o JOIN own ON own.oid = opcnamespace
WHERE NOT EXISTS (SELECT FROM member WHERE classid = 'pg_opclass'::regclass AND objid = o.oid)
UNION ALL
SELECT 5.3, 'pg_ts_config'::regclass, o.oid, 'text search configuration', '', format('%I.%I', nspname, cfgname), format('CREATE TEXT SEARCH CONFIGURATION %I.%I', nspname, cfgname), ''
FROM pg_ts_config o JOIN own ON own.oid = cfgnamespace
WHERE NOT EXISTS (SELECT FROM member WHERE classid = 'pg_ts_config'::regclass AND objid = o.oid)
UNION ALL
SELECT 5.3, 'pg_ts_dict'::regclass, o.oid, 'text search dictionary', '', format('%I.%I', nspname, dictname), format('CREATE TEXT SEARCH DICTIONARY %I.%I', nspname, dictname), ''
FROM pg_ts_dict o JOIN own ON own.oid = dictnamespace
WHERE NOT EXISTS (SELECT FROM member WHERE classid = 'pg_ts_dict'::regclass AND objid = o.oid)
UNION ALL
SELECT 5.3, 'pg_foreign_server'::regclass, s.oid, 'foreign server', '', quote_ident(srvname), format('CREATE SERVER %I', srvname), ''
FROM pg_foreign_server s
WHERE NOT EXISTS (SELECT FROM member WHERE classid = 'pg_foreign_server'::regclass AND objid = s.oid)
