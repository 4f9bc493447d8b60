//! INSERT, UPDATE and DELETE.

use crate::expr::Expr;
use concertina_revisions::{Ident, TableName};

/// An INSERT.
#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    /// The table written.
    pub table: TableName,
    /// The columns that it names.
    pub columns: Option<Vec<Ident>>,
    /// Tables that its SELECT reads.
    pub reads: Vec<TableName>,
    /// How the rows of a SELECT can be taken batch by batch, or why they can't.
    pub copy: Option<Result<RowCopy, &'static str>>,
    /// The statement as written.
    pub sql: String,
}

/// Rows that go from one table to another, each on its own.
#[derive(Debug, Clone, PartialEq)]
pub struct RowCopy {
    /// The table whose rows are walked.
    pub source: TableName,
    /// What the statement calls it.
    pub alias: Ident,
    /// The columns written.
    pub columns: Vec<Ident>,
    /// Their values, as SQL.
    pub values: Vec<String>,
    /// The FROM list, in which the walked table is called [`RowCopy::WALKED`].
    pub from: String,
    /// The WHERE clause.
    pub predicate: Option<String>,
    /// The unique key by which a row that was copied already is known.
    pub key: Vec<Ident>,
}

impl RowCopy {
    /// Stands for the walked table in a FROM list.
    pub const WALKED: &str = "concertina walked";
}

/// An UPDATE.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// The table written.
    pub table: TableName,
    /// What the statement calls it.
    pub alias: Ident,
    /// `column = expression`, in order.
    pub sets: Vec<(Ident, Expr)>,
    /// The FROM list, as SQL.
    pub from: Option<String>,
    /// Tables read besides the one written.
    pub reads: Vec<TableName>,
    /// The WHERE clause.
    pub predicate: Option<Expr>,
    /// Why it can't be cut into batches, if it can't: `RETURNING`, `WITH`, a form of SET.
    pub whole: Option<&'static str>,
    /// The statement as written.
    pub sql: String,
}

impl Update {
    /// The columns that it writes, and those of the table that it reads to do so.
    pub fn column_names(&self) -> Vec<Ident> {
        let read = self.sets.iter().map(|(_, value)| value).chain(&self.predicate);
        read.flat_map(Expr::column_names).chain(self.sets.iter().map(|(column, _)| column.clone())).collect()
    }
}

/// A DELETE.
#[derive(Debug, Clone, PartialEq)]
pub struct Delete {
    /// The table written.
    pub table: TableName,
    /// What the statement calls it.
    pub alias: Ident,
    /// The USING list, as SQL.
    pub using: Option<String>,
    /// Tables read besides the one written.
    pub reads: Vec<TableName>,
    /// The WHERE clause.
    pub predicate: Option<Expr>,
    /// Why it can't be cut into batches, if it can't.
    pub whole: Option<&'static str>,
    /// The statement as written.
    pub sql: String,
}
