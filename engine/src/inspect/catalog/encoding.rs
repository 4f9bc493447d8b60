//! Texts in the catalog that aren't UTF-8: a database of the encoding SQL_ASCII takes any bytes.

use crate::connection::session::Session;
use crate::error::Error;

/// Whatever the catalog tells as text, by what it belongs to. As bytes, so that it can be sent at
/// all.
const TEXTS: &str = "SELECT convert_to(what, 'SQL_ASCII'), convert_to(text, 'SQL_ASCII') FROM (
    SELECT 'relation ' || c.oid::regclass, c.relname::text FROM pg_class c
    UNION ALL SELECT format('column %s.%s', a.attrelid::regclass, a.attname), a.attname FROM pg_attribute a
    UNION ALL SELECT format('the default of %s.%s', d.adrelid::regclass, a.attname), pg_get_expr(d.adbin, d.adrelid)
        FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    UNION ALL SELECT format('constraint %s of %s', k.conname, k.conrelid::regclass), pg_get_constraintdef(k.oid) FROM pg_constraint k
    UNION ALL SELECT format('index %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid) FROM pg_index i
    UNION ALL SELECT format('trigger %s of %s', t.tgname, t.tgrelid::regclass), pg_get_triggerdef(t.oid) FROM pg_trigger t
    UNION ALL SELECT format('policy %s of %s', p.polname, p.polrelid::regclass),
                     concat(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) FROM pg_policy p
    UNION ALL SELECT format('function %s', p.oid::regprocedure), concat(p.proname, p.prosrc) FROM pg_proc p
    UNION ALL SELECT format('a label of type %s', e.enumtypid::regtype), e.enumlabel FROM pg_enum e
    UNION ALL SELECT format('type %s', t.oid::regtype), t.typname FROM pg_type t
    UNION ALL SELECT format('schema %s', n.nspname), n.nspname FROM pg_namespace n
    UNION ALL SELECT 'the comment of ' || pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description FROM pg_description d
    ) AS told (what, text)";

/// The error with the name of an object whose text it is.
pub(super) async fn named(session: &Session, error: Error) -> Error {
    let Ok(rows) = session
        .query("looking for a text that isn't UTF-8", TEXTS, &[])
        .await
    else {
        return error;
    };
    let wrong = rows
        .iter()
        .find(|row| std::str::from_utf8(row.get(1)).is_err());
    match wrong {
        None => error,
        Some(row) => Error::State(format!(
            "{} isn't UTF-8, and what a database of the encoding SQL_ASCII means by such bytes can't be known: save it in UTF-8",
            String::from_utf8_lossy(row.get(0))
        )),
    }
}
