//! Settings of a table, and policies, triggers and names on it.

use concertina_revisions::TableName;

/// A change of a table that costs a catalog entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The table.
    pub table: TableName,
    /// Its family.
    pub kind: SettingKind,
    /// What it does, in words.
    pub what: String,
    /// The statement, of this change alone.
    pub sql: String,
    /// What takes it back, empty for nothing, or why that isn't known.
    pub reverse: Result<String, String>,
    /// What later statements of the revision see of it.
    pub effect: Option<Effect>,
}

/// Families of settings: what they lock and whom they may surprise is the same within one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingKind {
    /// `SET (fillfactor = ..)`.
    Options,
    /// `SET STATISTICS`, and CREATE STATISTICS.
    Statistics,
    /// `ALTER COLUMN .. SET (n_distinct = ..)`.
    ColumnOptions,
    /// `SET STORAGE`, `SET COMPRESSION`.
    Storage,
    /// `REPLICA IDENTITY`.
    ReplicaIdentity,
    /// `CLUSTER ON`, which clusters nothing yet.
    Clustering,
    /// `OWNER TO`.
    Owner,
    /// `ENABLE`, `DISABLE TRIGGER`.
    Trigger,
    /// `ENABLE`, `DISABLE RULE`.
    Rule,
    /// Rows begin to be hidden.
    RowSecurityOn,
    /// Rows end to be hidden.
    RowSecurityOff,
    /// `SET GENERATED`, `DROP IDENTITY`, `DROP EXPRESSION`.
    Identity,
    /// CREATE POLICY.
    CreatePolicy,
    /// CREATE POLICY .. AS RESTRICTIVE: it hides rows where row-level security is on.
    RestrictivePolicy,
    /// ALTER POLICY.
    AlterPolicy,
    /// DROP POLICY.
    DropPolicy,
    /// CREATE TRIGGER.
    CreateTrigger,
    /// DROP TRIGGER.
    DropTrigger,
    /// RENAME CONSTRAINT, RENAME of an index: a name that queries don't use.
    RenamePart,
    /// GRANT.
    Grant,
    /// REVOKE.
    Revoke,
    /// COMMENT ON it or a part of it.
    Comment,
}

/// What a setting changes in the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Row-level security is on, or off.
    RowSecurity(bool),
    /// Storage parameters are set, or reset.
    Options(Vec<String>, bool),
    /// A policy is there, with what makes it again.
    PolicyAdded(String, String),
    /// A policy is gone.
    PolicyDropped(String),
    /// A trigger is gone.
    TriggerDropped(String),
    /// A constraint has another name.
    ConstraintRenamed(String, String),
    /// An index has another name.
    IndexRenamed(String, String),
}
