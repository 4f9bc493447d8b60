//! INSERT, UPDATE, DELETE and TRUNCATE.

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
    /// Tables whose rows its WITH writes.
    pub beside: Vec<TableName>,
    /// How the rows of a SELECT can be taken batch by batch, or why they can't.
    pub copy: Option<Result<RowCopy, &'static str>>,
    /// How they can be written down first, or why they can't.
    pub listing: Option<Result<Listing, &'static str>>,
    /// The rows of one table, where it copies them each by itself.
    pub plain: Option<Box<PlainCopy>>,
    /// The statement as written.
    pub sql: String,
}

/// The rows of one table, each of which gives one of another by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct PlainCopy {
    /// The table that is read.
    pub source: TableName,
    /// What the statement calls it.
    pub alias: Ident,
    /// The columns written.
    pub columns: Vec<Ident>,
    /// Their values.
    pub values: Vec<Expr>,
    /// The WHERE clause.
    pub predicate: Option<Expr>,
    /// Whether a row that is there already is left as it is.
    pub ignores_conflicts: bool,
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
    /// All that it computes, its condition included.
    pub exprs: Vec<Expr>,
    /// What gives the key, one for each of its columns.
    pub keyed_by: Vec<Expr>,
    /// The tables of FROM with their names in it, when they stand there side by side.
    pub sources: Option<Vec<(TableName, Ident)>>,
}

impl RowCopy {
    /// Stands for the walked table in a FROM list.
    pub const WALKED: &str = "concertina walked";
}

/// A SELECT of exactly the rows that a statement would change.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// The SELECT. Of an UPDATE or DELETE it gives [`Listing::HELD`], which what is to be kept of a
    /// row takes the place of.
    pub query: String,
    /// The columns that an INSERT writes, in the order of the SELECT.
    pub columns: Vec<Ident>,
    /// What stands in an INSERT before its rows: `OVERRIDING ..`.
    pub before: String,
    /// What stands in an INSERT behind them: `ON CONFLICT ..`.
    pub after: String,
}

impl Listing {
    /// Stands for what is kept of a row.
    pub const HELD: &str = "concertina held";

    /// The SELECT with these expressions in the place of [`Listing::HELD`].
    pub fn giving(&self, expressions: &[String]) -> String {
        self.query
            .replacen(&Ident::new(Listing::HELD).sql(), &expressions.join(", "), 1)
    }
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
    /// The tables of FROM with their names in it, when they stand there side by side.
    pub sources: Option<Vec<(TableName, Ident)>>,
    /// Tables read besides the one written.
    pub reads: Vec<TableName>,
    /// Tables whose rows its WITH writes.
    pub beside: Vec<TableName>,
    /// Whether it reads what isn't known by name: a CTE, a table of the system.
    pub opaque: bool,
    /// Whether it says ONLY.
    pub only: bool,
    /// The WHERE clause.
    pub predicate: Option<Expr>,
    /// Why the table can't be walked for it, if it can't: `WITH`, `ONLY`, a whole row.
    pub unwalkable: Option<&'static str>,
    /// Why it can't be cut into batches at all, if it can't: `RETURNING`, a form of SET.
    pub whole: Option<&'static str>,
    /// The rows that it changes.
    pub listing: Listing,
    /// The statement as written.
    pub sql: String,
}

impl Update {
    /// The columns that it writes, and those of the table that it reads to do so.
    pub fn column_names(&self) -> Vec<Ident> {
        let read = self
            .sets
            .iter()
            .map(|(_, value)| value)
            .chain(&self.predicate);
        read.flat_map(Expr::column_names)
            .chain(self.assigned())
            .collect()
    }

    /// The columns that it writes.
    pub fn assigned(&self) -> Vec<Ident> {
        self.sets.iter().map(|(column, _)| column.clone()).collect()
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
    /// The tables of FROM with their names in it, when they stand there side by side.
    pub sources: Option<Vec<(TableName, Ident)>>,
    /// Tables read besides the one written.
    pub reads: Vec<TableName>,
    /// Tables whose rows its WITH writes.
    pub beside: Vec<TableName>,
    /// Whether it reads what isn't known by name: a CTE, a table of the system.
    pub opaque: bool,
    /// Whether it says ONLY.
    pub only: bool,
    /// The WHERE clause.
    pub predicate: Option<Expr>,
    /// Why the table can't be walked for it, if it can't.
    pub unwalkable: Option<&'static str>,
    /// Why it can't be cut into batches at all, if it can't.
    pub whole: Option<&'static str>,
    /// The rows that it removes.
    pub listing: Listing,
    /// The statement as written.
    pub sql: String,
}

/// What TRUNCATE empties.
#[derive(Debug, Clone, PartialEq)]
pub struct Truncate {
    /// The tables, with those below them.
    pub tables: Vec<TableName>,
    /// Whether their sequences begin again.
    pub restarts: bool,
    /// The statement as written.
    pub sql: String,
}
