//! `with references` on the author's side: psql has no word for it. What people do by hand is drop
//! the keys, change both ends, and add the keys again. Which keys those are is asked of PostgreSQL,
//! so that a plan that forgets one doesn't agree with us.

use crate::connection::session::Session;
use crate::error::Error;
use crate::inspect::catalog;
use concertina_planner::Along;
use concertina_revisions::Statement;

/// The keys at either end of which a column of a list is, with what drops each, and what makes it
/// again as it was.
const KEYS: &str = "
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', k.conrelid::regclass, k.conname),
           format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
           || format('; COMMENT ON CONSTRAINT %I ON %s IS %L', k.conname, k.conrelid::regclass, obj_description(k.oid, 'pg_constraint'))
    FROM pg_constraint k
    WHERE k.contype = 'f' AND k.conparentid = 0 AND EXISTS (
        SELECT FROM unnest($1::text[], $2::text[]) AS changed (relation, name)
        JOIN pg_attribute a ON a.attrelid = to_regclass(relation) AND a.attname = name
        WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) OR a.attrelid = k.confrelid AND a.attnum = ANY (k.confkey))
    ORDER BY k.oid";

/// The statements that stand for one.
pub(super) async fn written_out(
    session: &Session,
    statement: &Statement,
) -> Result<Vec<String>, Error> {
    let own = statement.sql.clone();
    if !statement.directives.with_references() {
        return Ok(vec![own]);
    }
    let catalog = catalog::load(session, false).await?;
    let Some(Along { columns, sql, .. }) = concertina_planner::along(statement, &catalog) else {
        return Ok(vec![own]);
    };
    let tables: Vec<String> = columns.iter().map(|(table, _)| table.sql()).collect();
    let names: Vec<&str> = columns.iter().map(|(_, column)| column.as_str()).collect();
    let keys = session
        .query("looking for the keys of columns", KEYS, &[&tables, &names])
        .await?;
    let dropped = keys.iter().map(|row| row.get(0));
    let added = keys.iter().map(|row| row.get(1));
    Ok(dropped.chain([own]).chain(sql).chain(added).collect())
}
