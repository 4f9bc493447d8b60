//! Turns a folder of plain SQL files into a [`History`]: revisions, their order, and each statement with its
//! place in the file, its directives and its parse tree. No database, no clock, no async.
//!
//! ```
//! use concertina_revisions::{History, Source, Target};
//!
//! let history = History::parse(vec![
//!     Source::new("001_leads.sql", "CREATE TABLE leads (id bigint PRIMARY KEY);"),
//!     Source::new("002_score.sql", "ALTER TABLE leads ADD COLUMN score int;\n-- down\nALTER TABLE leads DROP COLUMN score;"),
//! ])
//! .unwrap();
//! let path = history.path_up(&[], &Target::Head).unwrap();
//! assert_eq!(path.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ["001_leads", "002_score"]);
//! ```
//!
//! # Layout
//!
//! [`folder`] reads files · [`source`] is a file's text and places in it · [`statement`] cuts the text into
//! statements and parses them with PostgreSQL's own grammar · [`directive`] reads `-- concertina:` lines ·
//! [`revision`] is one file understood · `transaction` takes BEGIN and COMMIT out of it · [`history`] is the graph of all · [`name`] quotes names · [`import`] reads histories of other tools ·
//! [`diagnostic`] is what is wrong, as data.

pub mod diagnostic;
pub mod directive;
pub mod folder;
pub mod history;
pub mod import;
pub mod name;
mod nearest;
pub mod revision;
pub mod source;
pub mod statement;
mod transaction;

pub use diagnostic::{Code, Diagnostic, Severity};
pub use directive::{Directive, Directives, PhaseWord};
pub use folder::{FolderError, read};
pub use history::{History, Target};
pub use name::{Ident, TableName};
pub use nearest::nearest;
pub use revision::{Checksum, Revision, RevisionId};
pub use source::{Source, Span};
pub use statement::Statement;

/// PostgreSQL's grammar, re-exported so that the planner reads the very trees that this crate
/// parsed.
pub mod tree {
    pub use pg_query::protobuf::*;
    pub use pg_query::{Node, NodeEnum, parse, scan};
}
