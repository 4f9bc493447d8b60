//! Columns that point at one whose type changes, where their author wants them to change with it.

use super::{from_text, rewrite};
use crate::catalog::Catalog;
use crate::change::{Change, NewType};
use crate::expr::Expr;
use crate::problem::{self, Problem};
use concertina_revisions::{Ident, TableName};

/// The changes, and behind each new type the same one for the columns whose foreign keys point
/// there, and for those that point at these.
pub(super) fn with_references(
    changes: Vec<Change>,
    catalog: &Catalog,
) -> Result<Vec<Change>, Problem> {
    let mut all: Vec<Change> = Vec::new();
    let mut open: Vec<Change> = changes.into_iter().rev().collect();
    while let Some(change) = open.pop() {
        let Change::AlterType(new) = &change else {
            return Err(problem::unknown(
                "`with references` above a statement that changes no column's type",
            ));
        };
        let known = |table: &TableName, column: &Ident| {
            all.iter().chain(&open).any(
                |other| matches!(other, Change::AlterType(other) if other.table == *table && other.column == *column),
            )
        };
        let mut along = Vec::new();
        for (table, column) in pointing_at(new, catalog) {
            if !known(&table, &column) {
                along.push(Change::AlterType(same_type(new, table, column)?));
            }
        }
        all.push(change);
        open.extend(along);
    }
    Ok(all)
}

fn pointing_at(new: &NewType, catalog: &Catalog) -> Vec<(TableName, Ident)> {
    let mut found = Vec::new();
    for table in &catalog.tables {
        let keys = table
            .constraints
            .iter()
            .filter(|key| key.referenced().as_ref() == Some(&new.table));
        for key in keys {
            let own = rewrite::pointing_column(key, &new.column)
                .map(|name| (table.full_name(), Ident::new(name)));
            found
                .extend(own.filter(|(table, column)| *table != new.table || *column != new.column));
        }
    }
    found.dedup();
    found
}

fn same_type(new: &NewType, table: TableName, column: Ident) -> Result<NewType, Problem> {
    let renamed = |using: &Expr| {
        let sql = rewrite::in_place(using, &new.column, &column.sql());
        from_text(&sql).ok_or_else(|| problem::unknown(&format!("the expression {sql}")))
    };
    let using = new.using.as_ref().map(renamed).transpose()?;
    let collation = new
        .collation
        .as_ref()
        .map_or_else(String::new, |name| format!(" COLLATE {name}"));
    let words = using
        .as_ref()
        .map_or_else(String::new, |using| format!(" USING {}", using.sql));
    Ok(NewType {
        sql: format!(
            "ALTER TABLE {} ALTER COLUMN {} TYPE {}{collation}{words}",
            table.sql(),
            column.sql(),
            new.type_sql
        ),
        table,
        column,
        using,
        like: Some(new.like.clone().unwrap_or_else(|| new.column.clone())),
        ..new.clone()
    })
}
