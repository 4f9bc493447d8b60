//! What a plan at its end has left of ours. No structure holds it, since nobody's schema has it.
//! Versions of the schema stay, and the function that tells them apart.

use crate::connection::session::Session;
use crate::error::Error;

const LEFT: &str = "
    SELECT format('trigger %I on %s', t.tgname, t.tgrelid::regclass) FROM pg_trigger t
    WHERE t.tgname ~ '^(zzz_|!)concertina_' AND NOT t.tgisinternal AND t.tgparentid = 0
    UNION ALL
    SELECT 'function ' || p.oid::regprocedure FROM pg_proc p
    WHERE p.pronamespace = to_regnamespace('concertina') AND p.proname <> 'speaks' ORDER BY 1";

/// Sync triggers and their functions.
pub(super) async fn of(session: &Session) -> Result<Vec<String>, Error> {
    let rows = session
        .query("looking for what a plan left", LEFT, &[])
        .await?;
    Ok(rows
        .iter()
        .map(|row| {
            format!(
                "{}: the plan leaves it, psql doesn't",
                row.get::<_, String>(0)
            )
        })
        .collect())
}
