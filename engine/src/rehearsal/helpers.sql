-- What a revision that waits for its contract has of ours in the database: functions, sequences, triggers.
SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE p.pronamespace = 'concertina'::regnamespace
UNION ALL
SELECT format('CREATE SEQUENCE IF NOT EXISTS concertina.%I', c.relname) FROM pg_class c
WHERE c.relnamespace = 'concertina'::regnamespace AND c.relkind = 'S'
UNION ALL
SELECT pg_get_triggerdef(t.oid) || CASE tgenabled WHEN 'A' THEN format('; ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.tgrelid::regclass, t.tgname) ELSE '' END
FROM pg_trigger t WHERE t.tgname ~ '^(zzz_|!)concertina_' AND NOT t.tgisinternal AND t.tgparentid = 0
