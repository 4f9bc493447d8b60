//! The rows that both databases hold in the end, as text.

use crate::connection::session::Session;
use crate::error::Error;
use concertina_revisions::Ident;
use std::collections::{BTreeMap, BTreeSet};

/// The rows of a database as text, with how often each is there: by table, columns by their names.
pub(super) type Images = BTreeMap<String, BTreeMap<String, i64>>;

/// Tables are read so many at a time.
const TABLES_PER_QUESTION: usize = 50;

/// Columns of a table that aren't looked at.
pub(super) type Unlooked = BTreeSet<(String, String)>;

/// Reads the rows of every table and materialized view, whatever their order; without some columns.
pub(super) async fn all(session: &Session, without: &Unlooked) -> Result<Images, Error> {
    let doing = "reading the rows that were left";
    let sql = "SELECT format('%I.%I', n.nspname, c.relname), ARRAY(SELECT attname::text FROM pg_attribute
                      WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped ORDER BY attname)
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE (c.relkind = 'r' OR c.relkind = 'm' AND c.relispopulated) AND c.relpersistence <> 't'
                 AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'concertina')
                 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')";
    let tables = session.query(doing, sql, &[]).await?;
    let mut found = Images::new();
    for tables in tables.chunks(TABLES_PER_QUESTION) {
        let one = |(at, row): (usize, &tokio_postgres::Row)| {
            let (table, columns): (String, Vec<String>) = (row.get(0), row.get(1));
            let looked = columns
                .iter()
                .filter(|column| !without.contains(&(table.clone(), (*column).clone())));
            let looked: Vec<String> = looked
                .map(|column| Ident::new(column.as_str()).sql())
                .collect();
            format!(
                "SELECT {at}::int, image, count(*) FROM (SELECT ROW({})::text AS image FROM ONLY {table}) AS r GROUP BY image",
                looked.join(", ")
            )
        };
        let all = tables
            .iter()
            .enumerate()
            .map(one)
            .collect::<Vec<_>>()
            .join(" UNION ALL ");
        if all.is_empty() {
            continue;
        }
        for row in session.query(doing, &all, &[]).await? {
            let Some(table) = usize::try_from(row.get::<_, i32>(0))
                .ok()
                .and_then(|at| tables.get(at))
            else {
                continue;
            };
            found
                .entry(table.get(0))
                .or_default()
                .insert(row.get(1), row.get(2));
        }
    }
    Ok(found)
}

/// The columns of tables, to be looked at one by one.
pub(super) async fn columns_of(
    session: &Session,
    tables: &[String],
) -> Result<Vec<(String, String)>, Error> {
    let sql = "SELECT name, attname::text FROM unnest($1::text[]) AS name JOIN pg_attribute ON attrelid = to_regclass(name)::oid
               WHERE attnum > 0 AND NOT attisdropped";
    let rows = session.query("reading columns", sql, &[&tables]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The values of one column, with how often each is there.
pub(super) async fn values(
    session: &Session,
    table: &str,
    column: &str,
) -> Result<BTreeMap<Option<String>, i64>, Error> {
    let column = Ident::new(column).sql();
    let sql = format!("SELECT {column}::text, count(*) FROM ONLY {table} GROUP BY 1");
    let rows = session
        .query("reading the rows that were left", &sql, &[])
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}
