//! Settings of a table, and policies, triggers and names on it.

use crate::catalog::Standing;
use crate::footprint::Footprint;
use concertina_revisions::TableName;

/// A change of a table that costs a metadata-only change.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The table.
    pub table: TableName,
    /// Its family.
    pub kind: SettingKind,
    /// Another table that it concerns: the parent of INHERIT.
    pub other: Option<TableName>,
    /// What it does, in words.
    pub what: String,
    /// The statement, of this change alone.
    pub sql: String,
    /// What takes it back, empty for nothing, or why that isn't known.
    pub reverse: Result<String, String>,
    /// What later statements of the revision see of it.
    pub effect: Option<Effect>,
    /// What it reads and writes.
    pub touches: Footprint,
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
    /// `ENABLE TRIGGER`.
    Trigger,
    /// `DISABLE TRIGGER`.
    TriggerOff,
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
    /// CREATE RULE.
    CreateRule,
    /// DROP RULE.
    DropRule,
    /// RENAME CONSTRAINT, TRIGGER, POLICY: a name that queries don't use.
    RenamePart,
    /// RENAME of an index.
    RenameIndex,
    /// Storage parameters of an index.
    IndexOptions,
    /// ALTER INDEX .. ATTACH PARTITION.
    AttachIndex,
    /// ALTER CONSTRAINT: when a foreign key is looked after.
    Deferral,
    /// `INHERIT`: the parent's queries see the rows.
    Inherit,
    /// `NO INHERIT`.
    NoInherit,
    /// `OF`, `NOT OF`: a table of a composite type.
    OfType,
    /// `SET EXPRESSION` of a column that is computed when it is read.
    Expression,
    /// `SET LOGGED`, `SET UNLOGGED`.
    Persistence,
    /// Options, defaults and the like of a view.
    View,
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
    /// Storage parameters are set, as `name=value`, or reset, as `name`.
    Options(Vec<String>, bool),
    /// The same of an index.
    IndexOptions(String, Vec<String>, bool),
    /// The same of a column's statistics.
    ColumnOptions(String, Vec<String>, bool),
    /// A column has that statistics target.
    ColumnStatistics(String, i32),
    /// Large values of a column are kept in that way, as ALTER TABLE takes it.
    Storage(String, String),
    /// Large values of a column are compressed by that method.
    Compression(String, String),
    /// CLUSTER would follow that index, or none.
    Clustered(Option<String>),
    /// Its replica identity, as ALTER TABLE takes it.
    ReplicaIdentity(String),
    /// The access control items of it, or of columns of it.
    Rights(Vec<(Option<String>, Vec<String>)>),
    /// Extended statistics go, are made, or are others from now on.
    Statistics {
        /// Their former name.
        gone: Option<TableName>,
        /// Their name, and what makes them again.
        made: Option<(TableName, String)>,
    },
    /// A policy is there, with what makes it again.
    PolicyAdded(String, String),
    /// A policy or trigger has another name.
    PolicyRenamed(String, String),
    /// A trigger has another name.
    TriggerRenamed(String, String),
    /// A column gets its values from a sequence of its own, or no more.
    Identity(String, Option<crate::catalog::Identity>),
    /// A column is computed by another expression; none: by none any more.
    Expression(String, Option<String>),
    /// It inherits from the other table.
    Inherits(TableName),
    /// It inherits from it no more.
    InheritsNoMore(TableName),
    /// It is owned by another role.
    Owner(String),
    /// A comment on it, or on a column of it.
    Comment(Option<String>, Option<String>),
    /// A comment on a constraint of it.
    ConstraintComment(String, Option<String>),
    /// A comment on an index of it.
    IndexComment(String, Option<String>),
    /// Row-level security holds for the owner too, or no more.
    RowSecurityForced(bool),
    /// A policy is gone.
    PolicyDropped(String),
    /// A policy has another condition.
    PolicyAltered(String),
    /// A rule is gone.
    RuleDropped(String),
    /// A trigger is there, with what makes it again.
    TriggerAdded(crate::catalog::Trigger),
    /// A rule is there.
    RuleAdded(crate::catalog::Rule),
    /// A trigger is gone.
    TriggerDropped(String),
    /// A constraint has another name.
    ConstraintRenamed(String, String),
    /// An index has another name.
    IndexRenamed(String, String),
}

impl Effect {
    /// What stands from then on on the columns that its statement names: DROP and a change of type
    /// of these are refused.
    pub(crate) fn stands(&self) -> Option<(Standing, String)> {
        let (by, what) = match self {
            Effect::PolicyAdded(name, _) | Effect::PolicyAltered(name) => {
                (Standing::Policy(name.clone()), format!("policy {name}"))
            }
            Effect::TriggerAdded(new) => (
                Standing::Trigger(new.name.clone()),
                format!("trigger {}", new.name),
            ),
            Effect::RuleAdded(new) => (
                Standing::Rule(new.name.clone()),
                format!("rule {}", new.name),
            ),
            Effect::RowSecurity(_)
            | Effect::Options(..)
            | Effect::IndexOptions(..)
            | Effect::ColumnOptions(..)
            | Effect::ColumnStatistics(..)
            | Effect::Storage(..)
            | Effect::Compression(..)
            | Effect::Clustered(_)
            | Effect::ReplicaIdentity(_)
            | Effect::Rights(_)
            | Effect::Statistics { .. }
            | Effect::PolicyRenamed(..)
            | Effect::TriggerRenamed(..)
            | Effect::Identity(..)
            | Effect::Expression(..)
            | Effect::Inherits(_)
            | Effect::InheritsNoMore(_)
            | Effect::Owner(_)
            | Effect::Comment(..)
            | Effect::ConstraintComment(..)
            | Effect::IndexComment(..)
            | Effect::RowSecurityForced(_)
            | Effect::PolicyDropped(_)
            | Effect::RuleDropped(_)
            | Effect::TriggerDropped(_)
            | Effect::ConstraintRenamed(..)
            | Effect::IndexRenamed(..) => return None,
        };
        Some((by, what))
    }
}
