//! Work lists, as data: rows that are found by one statement and changed by many.

use concertina_revisions::Ident;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rows that one SELECT finds under one snapshot. They are written down in a table of ours, and
/// changed from there batch by batch: the list doesn't change, so no row is changed twice, and none
/// for what was done to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkList {
    /// The SELECT. It gives the key, the old values that are relied on and the new values, in this
    /// order.
    pub query: String,
    /// The columns by which a row is found again; none where rows are inserted.
    pub key: Vec<Ident>,
    /// The columns whose values a row must still have: the new values follow from them.
    pub relied_on: Vec<Ident>,
    /// The columns whose new values are in the list.
    pub values: Vec<Ident>,
    /// Whether a row may be found several times, and the first time counts.
    pub first_only: bool,
    /// Whether the rows of tables below are left alone.
    pub only: bool,
    /// What is done to a row.
    pub change: Listed,
}

/// What is done to a listed row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Listed {
    /// It gets the values of the list.
    Assign {
        /// Values that are there stay.
        keep: bool,
    },
    /// It gets values that are computed from the row as it is then.
    Compute {
        /// The columns and their values.
        sets: Vec<(Ident, String)>,
        /// What must hold for the row as it is then.
        predicate: Option<String>,
    },
    /// It goes.
    Delete {
        /// What must hold for the row as it is then.
        predicate: Option<String>,
    },
    /// It comes.
    Insert {
        /// What stands before the rows: `OVERRIDING ..`.
        before: String,
        /// What stands behind them: `ON CONFLICT ..`.
        after: String,
    },
}
