//! What a statement means beyond its words: what psql would have to run besides, for what its directives ask.

use crate::catalog::Catalog;
use crate::change::Change;
use crate::{lower, sql};
use concertina_revisions::{Ident, Statement, TableName};

/// What `with references` adds to a change of a column's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Along {
    /// Every column that changes, those of the statement's own words first.
    pub columns: Vec<(TableName, Ident)>,
    /// Statements that change those that its words don't name.
    pub sql: Vec<String>,
}

/// What changes along with a statement. Every other directive is about how a statement is run, not about where it ends.
pub fn along(statement: &Statement, catalog: &Catalog) -> Option<Along> {
    if !statement.directives.with_references() {
        return None;
    }
    let mentioned = sql::mentioned(statement.tree.as_ref(), catalog);
    let changes = lower::lower(statement, &mentioned, catalog).ok()?;
    let retyped = changes.iter().filter_map(|change| if let Change::AlterType(new) = change { Some(new) } else { None });
    let retyped: Vec<_> = retyped.collect();
    let columns = retyped.iter().map(|new| (new.table.clone(), new.column.clone())).collect();
    let sql = retyped.iter().filter(|new| new.like.is_some()).map(|new| new.sql.clone()).collect();
    Some(Along { columns, sql })
}
