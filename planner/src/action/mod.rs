//! What a step does, as data: intent, never a bare string. [`facts`] says what each takes and how
//! it is undone, [`sql`] is the only place in the workspace that writes DDL.

mod as_written;
pub mod facts;
mod list;
mod lock;
pub mod sql;
mod sync;
mod version;

pub use as_written::{AsWritten, ROWS_ARRIVED};
pub use list::{Listed, WorkList};
pub use lock::Lock;
pub use sync::{Alias, Follow, Sync, Twin};
pub use version::{NewVersion, Shown, View};

use concertina_revisions::{Ident, RevisionId, TableName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Work that is instant at any table size. Several may share one short transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Makes a table.
    CreateTable {
        /// Its name.
        table: TableName,
        /// The statement as written.
        sql: String,
        /// Existing tables that its foreign keys point at.
        references: Vec<TableName>,
        /// Existing tables that it inherits from.
        #[serde(default)]
        parents: Vec<TableName>,
    },
    /// Adds a column, by catalog entry alone.
    AddColumn {
        /// The table.
        table: TableName,
        /// The column.
        column: Ident,
        /// Its type, as SQL.
        type_sql: String,
        /// The value that every row has from then on.
        default: Option<Value>,
        /// Whether NULL is refused.
        not_null: bool,
        /// A foreign key that is born valid, because every row is NULL:
        /// `CONSTRAINT n REFERENCES t (c)`.
        references: Option<(String, TableName)>,
    },
    /// Makes a sequence for a serial column, owned by it.
    OwnSequence {
        /// The table.
        table: TableName,
        /// The column.
        column: Ident,
        /// The sequence.
        sequence: TableName,
        /// Its integer type.
        type_sql: String,
        /// `START WITH ..` and the like.
        #[serde(default)]
        options: String,
        /// The role that owns the table, and so the sequence; none where that is whoever makes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<Ident>,
    },
    /// Makes a column get its values from a sequence of its own, which goes on after those that are
    /// there.
    AddIdentity {
        /// The table.
        table: TableName,
        /// The column.
        column: Ident,
        /// `GENERATED .. AS IDENTITY (..)`.
        definition: String,
        /// Where it goes on from.
        from: Numbers,
    },
    /// Refuses NULL from now on; old rows are proven later (PostgreSQL 18).
    AddNotNull {
        /// The table.
        table: TableName,
        /// The column.
        column: Ident,
        /// The constraint's name.
        name: Ident,
    },
    /// Makes a table a partition; its rows are proven to belong there, or there are none.
    AttachPartition {
        /// The partitioned table.
        parent: TableName,
        /// The partition.
        partition: TableName,
        /// `FOR VALUES ..` or `DEFAULT`.
        bound: String,
        /// The default partition, which is locked too.
        default: Option<TableName>,
    },
    /// Makes a partition a table of its own, in one moment.
    DetachPartition {
        /// The partitioned table.
        parent: TableName,
        /// The partition.
        partition: TableName,
        /// The default partition, which is locked too.
        default: Option<TableName>,
    },
    /// Sets or drops a default.
    SetDefault {
        /// The table.
        table: TableName,
        /// The column.
        column: Ident,
        /// The default as SQL; none drops it.
        default: Option<String>,
    },
    /// Refuses NULL from now on; the rows are proven already, or there are none.
    SetNotNull {
        /// The table.
        table: TableName,
        /// The column.
        column: Ident,
    },
    /// Accepts NULL again.
    DropNotNull {
        /// The table.
        table: TableName,
        /// The column.
        column: Ident,
    },
    /// Adds a constraint that new rows obey; old rows are proven later, or there are none.
    AddConstraint {
        /// The table.
        table: TableName,
        /// The constraint's name.
        name: Ident,
        /// What it demands, as SQL.
        definition: String,
        /// Whether old rows are left to a later proof.
        not_valid: bool,
        /// The table that a foreign key points at.
        references: Option<TableName>,
    },
    /// Makes a constraint of a unique index that is there already.
    AddConstraintUsingIndex {
        /// The table.
        table: TableName,
        /// The constraint's name, which the index takes too.
        name: Ident,
        /// Whether it is the primary key.
        primary: bool,
        /// The index.
        index: Ident,
        /// `DEFERRABLE ..`, as SQL.
        timing: String,
    },
    /// Drops a constraint.
    DropConstraint {
        /// The table.
        table: TableName,
        /// The constraint.
        name: Ident,
        /// The table that a foreign key points at: it is locked too.
        references: Option<TableName>,
    },
    /// Hands the sequence that a column owns, or its identity, to another column that takes its
    /// place.
    MoveNumbers {
        /// The table.
        table: TableName,
        /// The column.
        from: Ident,
        /// The column that takes its place.
        to: Ident,
        /// `ALWAYS` or `BY DEFAULT` when the column is an identity; else its sequence is owned by
        /// it.
        identity: Option<String>,
    },
    /// Gives a column another name.
    RenameColumn {
        /// The table.
        table: TableName,
        /// Its name.
        from: Ident,
        /// Its name from then on.
        to: Ident,
    },
    /// Gives a constraint another name.
    RenameConstraint {
        /// The table.
        table: TableName,
        /// Its name.
        from: Ident,
        /// Its name from then on.
        to: Ident,
    },
    /// Gives an index another name.
    RenameIndex {
        /// The table.
        table: TableName,
        /// The index.
        from: TableName,
        /// Its name from then on.
        to: Ident,
    },
    /// Drops a column.
    DropColumn {
        /// The table.
        table: TableName,
        /// The column.
        column: Ident,
    },
    /// Drops a table.
    DropTable {
        /// The table.
        table: TableName,
    },
    /// Makes a trigger that fills columns for every writer.
    InstallSync(Sync),
    /// Lets writes fail whose values such a trigger can't compute, so that none comes in behind the
    /// proof that no row is left.
    RefuseUnfilled(Sync),
    /// Removes such a trigger and its function.
    RemoveSync(Sync),
    /// Makes a version of the application's schema.
    CreateVersion(NewVersion),
    /// Drops a version of the application's schema.
    DropVersion {
        /// Its schema.
        schema: Ident,
        /// The revision that it was made for.
        revision: RevisionId,
        /// The views in it.
        views: Vec<Ident>,
    },
    /// Begins a transaction of statements that are run as they are written, where there are no
    /// rows.
    BeginAsWritten(AsWritten),
    /// A statement that makes others wait for as long as it takes, because its author allows that.
    Blocking {
        /// The statement.
        sql: String,
        /// Tables that it locks, and how.
        locks: Vec<(TableName, Lock)>,
    },
    /// A statement that is safe as its author wrote it.
    AsWritten {
        /// What it does, in words.
        what: String,
        /// The statement.
        sql: String,
        /// Tables that it locks, and how.
        locks: Vec<(TableName, Lock)>,
    },
}

impl Action {
    /// A statement that is instant, what it does in words, and the tables that it locks.
    pub(crate) fn as_written(
        what: impl Into<String>,
        sql: impl Into<String>,
        locks: Vec<(TableName, Lock)>,
    ) -> Action {
        Action::AsWritten {
            what: what.into(),
            sql: sql.into(),
            locks,
        }
    }

    /// An instant statement that nobody else can notice, or that locks no table.
    pub(crate) fn unlocked(what: impl Into<String>, sql: impl Into<String>) -> Action {
        Action::as_written(what, sql, vec![])
    }

    /// An instant statement that locks one table in ACCESS EXCLUSIVE mode.
    pub(crate) fn exclusively(
        what: impl Into<String>,
        sql: impl Into<String>,
        table: &TableName,
    ) -> Action {
        Action::as_written(what, sql, vec![(table.clone(), Lock::AccessExclusive)])
    }
}

/// Work in proportion to a table that readers and writers never wait for. Stands alone, outside of
/// transactions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Online {
    /// CREATE INDEX CONCURRENTLY.
    CreateIndex {
        /// The table.
        table: TableName,
        /// The index's name.
        name: Ident,
        /// Whether it refuses duplicates.
        unique: bool,
        /// `USING btree (..) ..`.
        tail: String,
    },
    /// DROP INDEX CONCURRENTLY.
    DropIndex {
        /// The table.
        table: TableName,
        /// The index.
        index: TableName,
        /// How to build it again.
        definition: String,
    },
    /// VALIDATE CONSTRAINT; the CHECKs of one table share one scan.
    Validate {
        /// The table.
        table: TableName,
        /// The constraints.
        constraints: Vec<Ident>,
        /// Referenced tables of foreign keys.
        references: Vec<TableName>,
    },
    /// ANALYZE.
    Analyze {
        /// The table.
        table: TableName,
    },
    /// REINDEX CONCURRENTLY.
    Reindex {
        /// The table.
        table: TableName,
        /// One index of it; none for all of them.
        index: Option<TableName>,
    },
    /// REFRESH MATERIALIZED VIEW CONCURRENTLY.
    Refresh {
        /// The view.
        view: TableName,
    },
    /// The first REFRESH of a materialized view, which nobody can read before.
    Fill {
        /// The view.
        view: TableName,
    },
    /// DETACH PARTITION CONCURRENTLY.
    Detach {
        /// The partitioned table.
        parent: TableName,
        /// The partition.
        partition: TableName,
    },
}

/// Many small transactions that change rows, and a proof that none is left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Backfill {
    /// The table.
    pub table: TableName,
    /// What the expressions call it.
    pub alias: Ident,
    /// What happens to a row.
    pub operation: Operation,
    /// Other relations, as the SQL of a FROM or USING list.
    pub from: Option<String>,
    /// Which rows are still to do; false for a row that is done, so that doing it twice is doing it
    /// once.
    pub predicate: String,
    /// Whether no index covers what is written, so that most updates can stay HOT.
    pub hot: bool,
    /// Whether each row finds its partners by a unique index, so that lookups beat hashing the
    /// whole other side.
    pub lookups: bool,
    /// Whether a trigger fills rows that are written meanwhile, so that one pass is complete.
    pub synced: bool,
    /// How many connections at the most, when the author says so.
    pub workers: Option<u16>,
    /// Walk by this unique key and not by blocks.
    pub key: Option<Vec<Ident>>,
    /// Whether triggers and rules of others are to see nothing of it: the rows keep their meaning.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
}

/// What a backfill does to a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Assigns columns.
    Assign(Vec<(Ident, String)>),
    /// Deletes it.
    Delete,
    /// Copies it to another table.
    Copy {
        /// The other table.
        target: TableName,
        /// Its columns.
        columns: Vec<Ident>,
        /// Their values.
        values: Vec<String>,
        /// The unique key by which a row that was copied already is known.
        key: Vec<Ident>,
    },
    /// Changes the rows of a list that is made first. Of the backfill's own fields only the table
    /// counts.
    Listed(Box<WorkList>),
}

/// Where an identity's numbers go on from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Numbers {
    /// Its own start.
    Start,
    /// Another sequence, which is dropped, as is the default that takes numbers from it.
    Sequence(TableName),
}

/// A value that a column is added with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// An expression.
    Sql(String),
    /// A scalar subquery, read once when the column is added.
    Read(String),
}

/// A question to the catalog whose answer tells that work is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The index is there and valid.
    IndexValid(TableName),
    /// No such index.
    IndexGone(TableName),
    /// The constraints are there and validated.
    Validated(TableName, Vec<Ident>),
    /// The materialized view has been filled.
    Filled(TableName),
    /// The table is no partition of the other, nor about to be none.
    Detached(TableName, TableName),
    /// The step's own record, which commits with the work.
    Recorded,
}
