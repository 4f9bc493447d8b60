//! Rights that later steps need, asked for before the first change.

use crate::connection::session::Session;
use crate::error::Error;
use concertina_planner::Needs;

/// Refuses when the connected role lacks one.
pub(crate) async fn missing(session: &Session, needs: &Needs) -> Result<(), Error> {
    let doing = "reading the rights of the connected role";
    let schemas: Vec<&str> = needs
        .schemas
        .iter()
        .map(concertina_revisions::Ident::as_str)
        .collect();
    let tables: Vec<String> = needs
        .references
        .iter()
        .map(concertina_revisions::TableName::sql)
        .collect();
    let sql = "SELECT format('make anything in schema %s', n.nspname), format('GRANT CREATE ON SCHEMA %I TO %I', n.nspname, current_user)
               FROM pg_namespace n WHERE n.nspname = ANY ($1) AND NOT has_schema_privilege(n.oid, 'CREATE')
               UNION ALL
               SELECT format('refer to %s', c.oid::regclass), format('GRANT REFERENCES ON %s TO %I', c.oid::regclass, current_user)
               FROM unnest($2::text[]) AS named (name) JOIN pg_class c ON c.oid = to_regclass(named.name)
               WHERE NOT has_table_privilege(c.oid, 'REFERENCES')";
    let rows = session.query(doing, sql, &[&schemas, &tables]).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let user = session
        .query_one(doing, "SELECT current_user::text", &[])
        .await?
        .get(0);
    Err(Error::Rights {
        user,
        missing: rows.iter().map(|row| (row.get(0), row.get(1))).collect(),
    })
}
