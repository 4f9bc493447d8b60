//! A statement with its spelling folded away: what the rules decide about.

mod objects;
mod partition;
mod rows;
mod setting;

pub use objects::{Asks, CatalogOnly, DomainDemand, NewEnum, NewMaterializedView};
pub use partition::{Attach, Detach};
pub use rows::{Delete, Insert, Listing, PlainCopy, RowCopy, Truncate, Update};
pub use setting::{Effect, Setting, SettingKind};

use crate::catalog::{PartitionKey, PartitionOf};
use crate::expr::Expr;
use concertina_revisions::{Ident, TableName};

/// One change to a database. A statement becomes one of these, or several (`ALTER TABLE a .., b
/// ..`).
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "a revision has few of them")]
pub enum Change {
    /// CREATE TABLE.
    CreateTable(NewTable),
    /// ALTER TABLE .. ADD COLUMN.
    AddColumn(AddColumn),
    /// ALTER COLUMN .. SET DEFAULT, or DROP DEFAULT when there is none.
    SetDefault(TableName, Ident, Option<Expr>),
    /// ALTER COLUMN .. TYPE.
    AlterType(NewType),
    /// ALTER COLUMN .. SET NOT NULL.
    SetNotNull(TableName, Ident),
    /// ALTER COLUMN .. DROP NOT NULL.
    DropNotNull(TableName, Ident),
    /// ALTER TABLE .. ADD CONSTRAINT.
    AddConstraint(TableName, NewConstraint),
    /// ALTER TABLE .. DROP CONSTRAINT.
    DropConstraint(TableName, Ident),
    /// ALTER TABLE .. VALIDATE CONSTRAINT.
    Validate(TableName, Ident),
    /// ALTER TABLE .. DROP COLUMN.
    DropColumn(TableName, Ident),
    /// CREATE INDEX.
    CreateIndex(NewIndex),
    /// DROP INDEX, by the index's own name.
    DropIndex(TableName),
    /// DROP TABLE.
    DropTable(TableName),
    /// CREATE TYPE .. AS ENUM.
    CreateEnum(NewEnum),
    /// INSERT.
    Insert(Insert),
    /// UPDATE.
    Update(Update),
    /// DELETE.
    Delete(Delete),
    /// TRUNCATE.
    Truncate(Truncate),
    /// ALTER DOMAIN .. ADD CONSTRAINT, VALIDATE CONSTRAINT, SET NOT NULL.
    DomainDemand(DomainDemand),
    /// A statement that touches the system catalogs only and locks no table: schema, sequence,
    /// function, comment.
    CatalogOnly(CatalogOnly),
    /// A setting of a table, or a policy or trigger on it: instant, as written.
    Setting(Setting),
    /// ALTER TABLE .. RENAME COLUMN: the table, the old name, the new one.
    RenameColumn(TableName, Ident, Ident),
    /// ALTER TABLE .. RENAME TO: the old name, the new one.
    RenameTable(TableName, TableName),
    /// ALTER COLUMN .. ADD GENERATED .. AS IDENTITY.
    AddIdentity(NewIdentity),
    /// ATTACH PARTITION, and the second half of CREATE TABLE .. PARTITION OF.
    Attach(Attach),
    /// DETACH PARTITION.
    Detach(Detach),
    /// REINDEX INDEX, REINDEX TABLE.
    Reindex(Reindex),
    /// CREATE MATERIALIZED VIEW.
    CreateMaterializedView(NewMaterializedView),
    /// REFRESH MATERIALIZED VIEW.
    Refresh(TableName),
    /// What is never run live, but its author allows it: the tables, and the statement.
    Allowed(Vec<TableName>, String),
    /// Nothing is left to do: `IF NOT EXISTS` on what is there, `IF EXISTS` on what isn't.
    Nothing(String),
}

/// A table to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTable {
    /// Its name.
    pub table: TableName,
    /// Its columns.
    pub columns: Vec<NewColumn>,
    /// Its constraints, the columns' own included.
    pub constraints: Vec<NewConstraint>,
    /// How its rows are spread, when it is to be partitioned.
    pub partition_key: Option<PartitionKey>,
    /// Tables that it inherits from.
    pub parents: Vec<TableName>,
    /// The table that is made by the same revision, and that it is a partition of from birth, with
    /// its bound.
    pub partition_of: Option<PartitionOf>,
    /// What it is filled from, where it is made `AS SELECT ..`: the relations that are read.
    pub filled_from: Option<Vec<TableName>>,
    /// The statement as written.
    pub sql: String,
}

/// A column that is to get its values from a sequence of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct NewIdentity {
    /// The table.
    pub table: TableName,
    /// The column.
    pub column: Ident,
    /// `GENERATED .. AS IDENTITY (..)`.
    pub definition: String,
    /// Whether written values are refused.
    pub always: bool,
}

/// What REINDEX builds anew.
#[derive(Debug, Clone, PartialEq)]
pub struct Reindex {
    /// The table.
    pub table: TableName,
    /// One index of it; none for all of them.
    pub index: Option<TableName>,
}

/// A column to be added to a table.
#[derive(Debug, Clone, PartialEq)]
pub struct AddColumn {
    /// The table.
    pub table: TableName,
    /// The column.
    pub column: NewColumn,
    /// What every row and every old writer gets, when later statements of the revision were folded
    /// in.
    pub fill: Option<Fill>,
}

/// The one value that a folded UPDATE gives to every row.
#[derive(Debug, Clone, PartialEq)]
pub enum Fill {
    /// A constant.
    Constant(Expr),
    /// A scalar subquery whose value is read when the column is added.
    Read(Expr),
}

/// A column as a statement describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewColumn {
    /// Its name.
    pub name: Ident,
    /// Its type, as SQL, with its collation.
    pub type_sql: String,
    /// Its default.
    pub default: Option<Expr>,
    /// Whether NULL is refused.
    pub not_null: bool,
    /// Constraints written beside it: CHECK, UNIQUE, PRIMARY KEY, REFERENCES.
    pub constraints: Vec<NewConstraint>,
    /// What is special about it.
    pub special: Special,
}

/// Column forms that PostgreSQL fills itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Special {
    /// A plain column.
    None,
    /// `serial`, `bigserial`, `smallserial`.
    Serial,
    /// `GENERATED .. AS IDENTITY`, as SQL.
    Identity(String),
    /// `GENERATED ALWAYS AS (..) STORED`, as SQL.
    Stored(String),
    /// `GENERATED ALWAYS AS (..) VIRTUAL` (PostgreSQL 18), as SQL.
    Virtual(String),
}

/// A constraint as a statement describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewConstraint {
    /// Its name: the one written, or the one that PostgreSQL would choose.
    pub name: Ident,
    /// What it demands, as SQL, without `CONSTRAINT name` and without `NOT VALID`.
    pub definition: String,
    /// Whether it was written with NOT VALID.
    pub not_valid: bool,
    /// Whether it holds for the table alone and not for those below.
    pub no_inherit: bool,
    /// Whether it was written with ONLY: the tables below have their own, as `pg_dump` writes it.
    pub only: bool,
    /// Whether anyone looks after it (PostgreSQL 18 has NOT ENFORCED).
    pub enforced: bool,
    /// What kind it is.
    pub kind: NewConstraintKind,
}

/// The kinds of constraint that a statement can add.
#[derive(Debug, Clone, PartialEq)]
pub enum NewConstraintKind {
    /// `CHECK (expression)`.
    Check(Expr),
    /// `FOREIGN KEY (columns) REFERENCES table (columns)`.
    ForeignKey {
        /// The referencing columns.
        columns: Vec<Ident>,
        /// The referenced table.
        references: TableName,
        /// The referenced columns; empty for the primary key.
        reference_columns: Vec<Ident>,
    },
    /// `UNIQUE` or `PRIMARY KEY`.
    Unique {
        /// The columns.
        columns: Vec<Ident>,
        /// Whether it is the primary key.
        primary: bool,
        /// `NULLS NOT DISTINCT`, `INCLUDE (..)`: what stands in the index, as SQL.
        index_suffix: String,
        /// `DEFERRABLE INITIALLY DEFERRED`, as SQL.
        timing: String,
        /// `USING INDEX name`: the index is there already.
        using_index: Option<Ident>,
    },
    /// `NOT NULL column`, as a constraint with a name (PostgreSQL 18).
    NotNull(Ident),
    /// `EXCLUDE ..`.
    Exclude,
}

/// An index to be built.
#[derive(Debug, Clone, PartialEq)]
pub struct NewIndex {
    /// The table.
    pub table: TableName,
    /// The index's name: the one written, or the one that PostgreSQL would choose.
    pub name: Ident,
    /// Key columns; an expression is an empty name.
    pub keys: Vec<Ident>,
    /// What PostgreSQL calls each column, expressions too, when it makes a name for the index.
    pub labels: Vec<Ident>,
    /// What each key is computed by, as SQL; none where a collation or an operator class decides
    /// what is equal.
    pub values: Option<Vec<String>>,
    /// Which rows it covers, as SQL.
    pub predicate: Option<String>,
    /// Every column mentioned.
    pub mentions: Vec<Ident>,
    /// Whether it refuses duplicates.
    pub unique: bool,
    /// Whether it covers only some rows.
    pub partial: bool,
    /// Whether it is for a partitioned table alone, its partitions' to be attached later.
    pub only: bool,
    /// `USING btree (..) ..`: all that follows the table's name.
    pub tail: String,
}

/// Another type for a column.
#[derive(Debug, Clone, PartialEq)]
pub struct NewType {
    /// The table.
    pub table: TableName,
    /// The column.
    pub column: Ident,
    /// The type, as SQL.
    pub type_sql: String,
    /// The collation, where one is written.
    pub collation: Option<String>,
    /// Whether USING says more than the column itself.
    pub converts: bool,
    /// Whether USING is `column AT TIME ZONE 'UTC'`.
    pub under_utc: bool,
    /// USING.
    pub using: Option<Expr>,
    /// The column that the author's words speak of, where this one changes along with it.
    pub like: Option<Ident>,
    /// The statement, of this change alone.
    pub sql: String,
}

impl Change {
    /// The table that the change writes or alters.
    pub fn table(&self) -> Option<&TableName> {
        match self {
            Change::CreateTable(new) => Some(&new.table),
            Change::AddColumn(add) => Some(&add.table),
            Change::CreateIndex(index) => Some(&index.table),
            Change::Insert(insert) => Some(&insert.table),
            Change::Update(update) => Some(&update.table),
            Change::Delete(delete) => Some(&delete.table),
            Change::SetDefault(table, ..)
            | Change::SetNotNull(table, _)
            | Change::DropNotNull(table, _)
            | Change::AddConstraint(table, _)
            | Change::DropConstraint(table, _)
            | Change::Validate(table, _)
            | Change::DropColumn(table, _)
            | Change::RenameColumn(table, ..)
            | Change::RenameTable(table, _)
            | Change::DropTable(table) => Some(table),
            Change::AlterType(new) => Some(&new.table),
            Change::Setting(setting) => Some(&setting.table),
            Change::AddIdentity(new) => Some(&new.table),
            Change::Attach(attach) => Some(&attach.parent),
            Change::Detach(detach) => Some(&detach.parent),
            Change::Reindex(reindex) => Some(&reindex.table),
            Change::Refresh(view) => Some(view),
            Change::CreateMaterializedView(new) => Some(&new.view),
            Change::DropIndex(_)
            | Change::CreateEnum(_)
            | Change::CatalogOnly(_)
            | Change::Truncate(_)
            | Change::DomainDemand(_)
            | Change::Allowed(..)
            | Change::Nothing(_) => None,
        }
    }

    /// Tables that the change reads besides the one it writes.
    pub fn reads(&self) -> &[TableName] {
        match self {
            Change::Insert(insert) => &insert.reads,
            Change::Update(update) => &update.reads,
            Change::Delete(delete) => &delete.reads,
            Change::CreateMaterializedView(new) => &new.reads,
            Change::Allowed(tables, _) => tables,
            Change::CreateTable(new) => new.filled_from.as_deref().unwrap_or_default(),
            Change::Truncate(_)
            | Change::DomainDemand(_)
            | Change::AddColumn(_)
            | Change::SetDefault(..)
            | Change::AlterType(_)
            | Change::SetNotNull(..)
            | Change::DropNotNull(..)
            | Change::AddConstraint(..)
            | Change::DropConstraint(..)
            | Change::Validate(..)
            | Change::DropColumn(..)
            | Change::CreateIndex(_)
            | Change::DropIndex(_)
            | Change::DropTable(_)
            | Change::CreateEnum(_)
            | Change::CatalogOnly(_)
            | Change::Setting(_)
            | Change::RenameColumn(..)
            | Change::RenameTable(..)
            | Change::AddIdentity(_)
            | Change::Attach(_)
            | Change::Detach(_)
            | Change::Reindex(_)
            | Change::Refresh(_)
            | Change::Nothing(_) => &[],
        }
    }
}

impl NewConstraint {
    /// The columns that the constraint speaks of.
    pub fn columns(&self) -> Vec<Ident> {
        match &self.kind {
            NewConstraintKind::Check(expression) => expression.column_names(),
            NewConstraintKind::ForeignKey { columns, .. }
            | NewConstraintKind::Unique { columns, .. } => columns.clone(),
            NewConstraintKind::NotNull(column) => vec![column.clone()],
            NewConstraintKind::Exclude => Vec::new(),
        }
    }

    /// The table that a foreign key points at.
    pub fn references(&self) -> Option<&TableName> {
        if let NewConstraintKind::ForeignKey { references, .. } = &self.kind {
            Some(references)
        } else {
            None
        }
    }
}
