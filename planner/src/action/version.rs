//! A version of the application's schema, as data.

use concertina_revisions::{Ident, RevisionId, TableName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A schema of views that can be written, with the names, types and defaults that a revision leads
/// to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NewVersion {
    /// Its name.
    pub schema: Ident,
    /// Versions are numbered in the order in which they are made.
    pub number: i32,
    /// The revision.
    pub revision: RevisionId,
    /// The schema of the tables.
    pub of: Ident,
    /// The views.
    pub views: Vec<View>,
}

/// One view of one table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct View {
    /// Its name, which is the table's in that version.
    pub name: Ident,
    /// The table.
    pub table: TableName,
    /// Whether it looks with the rights of whoever asks (PostgreSQL 15).
    pub invoker: bool,
    /// Its columns.
    pub columns: Vec<Shown>,
}

/// A column of a view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Shown {
    /// The table's column, by the name it has while the revision waits for its contract.
    pub stored: Ident,
    /// Its name in that version.
    pub shown: Ident,
    /// The default in that version, where the table's column has another one or none.
    pub default: Option<String>,
}
