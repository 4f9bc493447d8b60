//! PostgreSQL's table locks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// PostgreSQL's table locks, weakest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Lock {
    /// Readers.
    AccessShare,
    /// `SELECT .. FOR UPDATE`, and the referenced side of a validation.
    RowShare,
    /// Writers.
    RowExclusive,
    /// VACUUM, ANALYZE, VALIDATE, CREATE INDEX CONCURRENTLY: readers and writers go on.
    ShareUpdateExclusive,
    /// CREATE INDEX: writers wait.
    Share,
    /// Foreign keys and triggers: writers wait.
    ShareRowExclusive,
    /// REFRESH MATERIALIZED VIEW CONCURRENTLY: readers go on.
    Exclusive,
    /// Everyone waits.
    AccessExclusive,
}

impl Lock {
    /// Whether readers or writers have to wait.
    pub fn blocks(self) -> bool {
        self >= Lock::Share
    }

    /// PostgreSQL's own words for it.
    pub fn name(self) -> &'static str {
        match self {
            Lock::AccessShare => "ACCESS SHARE",
            Lock::RowShare => "ROW SHARE",
            Lock::RowExclusive => "ROW EXCLUSIVE",
            Lock::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
            Lock::Share => "SHARE",
            Lock::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
            Lock::Exclusive => "EXCLUSIVE",
            Lock::AccessExclusive => "ACCESS EXCLUSIVE",
        }
    }
}
