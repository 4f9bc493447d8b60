//! Which tables hold no row: asked of PostgreSQL, a row at the most. The number of blocks is a hint
//! whether to ask; it proves nothing, as rows may live elsewhere.

use crate::checkpoint::{self, Written};
use crate::connection::session::Session;
use crate::error::{Class, Error};
use concertina_planner::catalog::TableKind;
use concertina_planner::{Catalog, Table};
use concertina_revisions::TableName;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A table of more blocks is taken to hold rows: if all of them are dead, looking for one would
/// take long.
const PAGES_MAX: u64 = 128;

/// So many blocks of rows of our own are looked through, to prove that they are our own.
const OWN_PAGES_MAX: u64 = 12_800;

/// So many tables are asked for in one statement; each is locked until its end.
const TABLES_PER_QUESTION: usize = 100;

/// What keeps a table from being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Apart {
    /// An extension's, which brings rows of its own.
    Extension,
    /// We may not read all of it.
    Hidden,
}

/// Marks the tables that hold no row, of those that are named; and of all, where all may be
/// without. Then it is also told whether the database holds nobody's rows.
pub(crate) async fn prove(
    session: &Session,
    catalog: &mut Catalog,
    named: &BTreeSet<TableName>,
) -> Result<(), Error> {
    let written = checkpoint::written(session).await?;
    let apart = apart(session).await?;
    let limit = pages_max(&written);
    let of_users = |table: &&Arc<Table>| {
        holds_rows(table) && apart.get(&table.full_name()) != Some(&Apart::Extension)
    };
    let may_be_unpopulated = catalog
        .tables
        .iter()
        .filter(of_users)
        .all(|table| table.pages <= limit);
    let asked: Vec<TableName> = catalog
        .tables
        .iter()
        .filter(|table| table.pages <= PAGES_MAX && !apart.contains_key(&table.full_name()))
        .map(|table| table.full_name())
        .filter(|table| may_be_unpopulated || named.contains(table))
        .filter(|table| may_be_asked(table, catalog))
        .collect();
    let found = without_rows(session, &asked).await?;
    for table in catalog.tables.iter_mut().map(Arc::make_mut) {
        table.without_rows = table.unfilled || found.contains(&table.full_name());
    }
    if may_be_unpopulated {
        let bare = |table: &Arc<Table>| table.without_rows || table.kind == TableKind::Partitioned;
        let left: Vec<&Arc<Table>> = catalog
            .tables
            .iter()
            .filter(of_users)
            .filter(|table| !bare(table))
            .collect();
        let known = left
            .iter()
            .all(|table| !apart.contains_key(&table.full_name()));
        let mut only_ours = known && (left.is_empty() || !written.is_empty());
        for table in left {
            only_ours = only_ours && !holds_others(session, &table.full_name(), &written).await?;
        }
        catalog.unpopulated = only_ours && catalog.versions.is_none();
    }
    Ok(())
}

/// A table of more blocks surely holds rows that aren't ours.
pub(super) fn pages_max(written: &Written) -> u64 {
    if written.is_empty() {
        PAGES_MAX
    } else {
        OWN_PAGES_MAX
    }
}

/// Whether rows can lie in it, or below it, on this server.
fn holds_rows(table: &Table) -> bool {
    match table.kind {
        TableKind::Plain | TableKind::Partitioned | TableKind::Materialized => true,
        TableKind::Foreign | TableKind::View => false,
    }
}

/// Whether a question about it stays on this server, and can be answered.
fn may_be_asked(name: &TableName, catalog: &Catalog) -> bool {
    let here = |name: &TableName| {
        catalog
            .table(name)
            .is_some_and(|table| holds_rows(table) && !table.unfilled)
    };
    here(name) && catalog.below(name).iter().all(here)
}

/// The tables of these that hold no row. What can't be asked isn't among them.
async fn without_rows(
    session: &Session,
    tables: &[TableName],
) -> Result<BTreeSet<TableName>, Error> {
    let mut found = BTreeSet::new();
    for tables in tables.chunks(TABLES_PER_QUESTION) {
        match ask(session, tables).await {
            Ok(bare) => found.extend(bare),
            Err(error) if error.class() == Class::Connection => return Err(error),
            // One of them can't be read: each by itself.
            Err(_) => {
                for table in tables {
                    match ask(session, std::slice::from_ref(table)).await {
                        Ok(bare) => found.extend(bare),
                        Err(error) if error.class() == Class::Connection => return Err(error),
                        Err(_) => {}
                    }
                }
            }
        }
    }
    Ok(found)
}

async fn ask(session: &Session, tables: &[TableName]) -> Result<Vec<TableName>, Error> {
    let one = |(at, table): (usize, &TableName)| {
        format!(
            "SELECT {at}::int WHERE NOT EXISTS (SELECT FROM {} LIMIT 1)",
            table.sql()
        )
    };
    let sql = tables
        .iter()
        .enumerate()
        .map(one)
        .collect::<Vec<_>>()
        .join(" UNION ALL ");
    let rows = session
        .query("looking which tables hold rows", &sql, &[])
        .await?;
    let at = |row: &tokio_postgres::Row| usize::try_from(row.get::<_, i32>(0)).ok();
    Ok(rows
        .iter()
        .filter_map(at)
        .filter_map(|at| tables.get(at).cloned())
        .collect())
}

/// Whether a table holds rows besides those that transactions of ours wrote.
pub(crate) async fn holds_others(
    session: &Session,
    table: &TableName,
    written: &Written,
) -> Result<bool, Error> {
    let sql = format!(
        "SELECT EXISTS (SELECT FROM ONLY {} WHERE NOT ({}))",
        table.sql(),
        written.condition("xmin")
    );
    let row = session
        .query_one("looking whose rows there are", &sql, &[])
        .await?;
    Ok(row.get(0))
}

async fn apart(session: &Session) -> Result<BTreeMap<TableName, Apart>, Error> {
    let sql = "SELECT n.nspname, c.relname, e.objid IS NOT NULL
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               LEFT JOIN pg_depend e ON e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e'
               WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'concertina')
                 AND (e.objid IS NOT NULL OR NOT has_schema_privilege(n.oid, 'USAGE')
                      OR NOT has_table_privilege(c.oid, 'SELECT') OR row_security_active(c.oid))";
    let rows = session
        .query("looking which tables can be read", sql, &[])
        .await?;
    let told = |row: &tokio_postgres::Row| {
        let apart = if row.get(2) {
            Apart::Extension
        } else {
            Apart::Hidden
        };
        (
            TableName::new(row.get::<_, &str>(0), row.get::<_, &str>(1)),
            apart,
        )
    };
    Ok(rows.iter().map(told).collect())
}
