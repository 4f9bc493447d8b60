//! How many connections the role can still have, against how many a run needs.

use super::doctor::{Finding, Severity};
use crate::config::Settings;
use crate::connection::session::Session;
use crate::error::Error;

/// The bound that leaves fewest: of the role, of the database, of the server. Neither the role nor
/// the database bounds superusers. The session that asks is counted as free: it ends before a run
/// begins. Rows of other roles may show nobody's kind of process.
const FEWEST: &str = "
    WITH asking AS (SELECT oid, rolsuper, rolconnlimit FROM pg_roles WHERE rolname = session_user),
         taken AS (SELECT usesysid, datid FROM pg_stat_activity
                   WHERE pid <> pg_backend_pid() AND usesysid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend')
    SELECT GREATEST(free, 0)::bigint, bound FROM (
        SELECT rolconnlimit - (SELECT count(*) FROM taken WHERE usesysid = asking.oid),
               format('CONNECTION LIMIT %s of role %s', rolconnlimit, session_user) FROM asking WHERE rolconnlimit >= 0 AND NOT rolsuper
        UNION ALL
        SELECT datconnlimit - (SELECT count(*) FROM taken WHERE datid = d.oid),
               format('CONNECTION LIMIT %s of database %s', datconnlimit, datname)
        FROM pg_database d, asking WHERE datname = current_database() AND datconnlimit >= 0 AND NOT rolsuper
        UNION ALL
        SELECT current_setting('max_connections')::bigint - (SELECT count(*) FROM taken)
                   - CASE WHEN rolsuper THEN 0 ELSE current_setting('superuser_reserved_connections')::bigint
                                                    + coalesce(current_setting('reserved_connections', true)::bigint, 0) END,
               format('max_connections = %s', current_setting('max_connections')) FROM asking
    ) AS bounds (free, bound) ORDER BY free LIMIT 1";

/// What is looked for.
pub(crate) const ABOUT: &str = "too few connections";

/// Tells when there are too few.
pub(crate) async fn too_few(
    session: &Session,
    settings: &Settings,
) -> Result<Option<Finding>, Error> {
    let row = session
        .query_one("counting connections", FEWEST, &[])
        .await?;
    let (free, bound): (i64, String) = (row.get(0), row.get(1));
    let free = usize::try_from(free).unwrap_or(0);
    let (least, backfill) = (
        Settings::CONNECTIONS_MIN,
        settings.connections_of_backfill(),
    );
    if free >= backfill {
        return Ok(None);
    }
    let are = if free == 1 {
        "1 connection is"
    } else {
        &format!("{free} connections are")
    };
    let what = format!("only {are} left ({bound}): {}", needs(least, backfill));
    let severity = if free < least {
        Severity::Wrong
    } else {
        Severity::Warning
    };
    Ok(Some(Finding {
        severity,
        about: ABOUT,
        what,
        remedy: remedy(),
    }))
}

/// What a run needs of connections, in words.
pub(crate) fn needs(least: usize, backfill: usize) -> String {
    format!("a run needs {least} at once, and {backfill} where it fills rows")
}

/// What to do about too few.
pub(crate) fn remedy() -> String {
    format!(
        "raise that bound, or end sessions: {}",
        Settings::CONNECTIONS
    )
}
