//! What statements say of objects other than tables.

use crate::expr::Expr;
use crate::footprint::Footprint;
use concertina_revisions::{Ident, TableName};

/// An enum type to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEnum {
    /// Its name.
    pub name: TableName,
    /// Its values.
    pub labels: Vec<String>,
    /// The statement as written.
    pub sql: String,
}

/// A statement about objects other than tables.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogOnly {
    /// What it does, in words.
    pub what: String,
    /// The statement as written.
    pub sql: String,
    /// The statement that takes it back, where that loses nothing.
    pub reverse: Option<String>,
    /// Whether it removes something, and so belongs to contract.
    pub removes: bool,
    /// Whether it has to have its transaction for itself.
    pub alone: bool,
    /// Tables that it names, and that are locked a little for it.
    pub concerns: Vec<TableName>,
    /// The extension it installs.
    pub extension: Option<String>,
    /// The view it makes.
    pub view: Option<TableName>,
    /// The function it makes, where PostgreSQL parses its body: it stands on what that names.
    pub bound: Option<Ident>,
    /// Worth knowing about it.
    pub note: Option<String>,
    /// What it reads and writes.
    pub touches: Footprint,
}

/// A materialized view to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMaterializedView {
    /// Its name.
    pub view: TableName,
    /// What its query reads.
    pub reads: Vec<TableName>,
    /// What its query mentions.
    pub mentions: Footprint,
    /// Whether it is to be filled.
    pub filled: bool,
    /// The statement, WITH NO DATA.
    pub sql: String,
    /// Another name, and the statement that makes it under that one, for while what is to be
    /// replaced is still there.
    pub beside: (TableName, String),
}

/// What a domain asks of the values that are there.
#[derive(Debug, Clone, PartialEq)]
pub struct DomainDemand {
    /// The domain.
    pub domain: Ident,
    /// The columns of it.
    pub columns: Vec<(TableName, Ident)>,
    /// What it asks, over VALUE; none where that isn't known.
    pub asks: Option<Asks>,
    /// What it does, in words.
    pub what: String,
    /// The statement as written.
    pub sql: String,
    /// The statement that takes it back, or why that isn't known.
    pub reverse: Result<String, String>,
}

/// What a domain asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Asks {
    /// That a value isn't NULL.
    NotNull,
    /// That a condition isn't false, over a column called `value`.
    Check(Expr),
}
