//! Tables that are published and can't be updated: subscribers couldn't tell which rows are meant.
//! PostgreSQL itself is asked, as row filters, lists of columns and identities decide together.

use crate::connection::session::Session;
use crate::error::{Class, Error};
use concertina_planner::{Catalog, Table};
use concertina_revisions::{Ident, TableName};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Marks what PostgreSQL refuses to update, of what is named and what is below that. Nothing is
/// run: a plan is made and not followed.
pub(crate) async fn try_updates(
    session: &Session,
    catalog: &mut Catalog,
    named: &BTreeSet<TableName>,
) -> Result<(), Error> {
    let doing = "looking which tables are published";
    let sql =
        "SELECT t.schemaname, t.tablename FROM pg_publication_tables t JOIN pg_publication p ON p.pubname = t.pubname
               WHERE p.pubupdate GROUP BY 1, 2";
    let rows = session.query(doing, sql, &[]).await?;
    let published: BTreeSet<TableName> = rows
        .iter()
        .map(|row| TableName::new(row.get::<_, &str>(0), row.get::<_, &str>(1)))
        .collect();
    if published.is_empty() {
        return Ok(());
    }
    let concerned: BTreeSet<TableName> = named
        .iter()
        .flat_map(|name| std::iter::once(name.clone()).chain(catalog.below(name)))
        .collect();
    let mut refused = BTreeSet::new();
    for name in concerned.intersection(&published) {
        let Some(sql) = catalog.table(name).and_then(update) else {
            continue;
        };
        match session
            .query(&format!("trying an UPDATE of {}", name.shown()), &sql, &[])
            .await
        {
            Err(error) if error.class() == Class::Connection => return Err(error),
            Err(error) if error.is_of_publication() => {
                refused.insert(name.clone());
            }
            // Others than publications are in the way, which the statements themselves will meet.
            Ok(_) | Err(_) => {}
        }
    }
    for table in &mut catalog.tables {
        let name = table.full_name();
        if published.contains(&name) {
            let table = Arc::make_mut(table);
            (table.update_published, table.update_refused) = (true, refused.contains(&name));
        }
    }
    Ok(())
}

/// An UPDATE that is explained only.
fn update(table: &Table) -> Option<String> {
    let column = table.columns.iter().find(|column| !column.generated)?;
    let column = Ident::new(column.name.as_str()).sql();
    Some(format!(
        "EXPLAIN UPDATE {} SET {column} = {column}",
        table.full_name().sql()
    ))
}
