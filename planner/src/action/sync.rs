//! Triggers of ours, which see what is written while a revision is under way.

use concertina_revisions::{Ident, TableName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A trigger of ours that fills columns which a writer left NULL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sync {
    /// The table.
    pub table: TableName,
    /// The trigger's and the function's name.
    pub name: Ident,
    /// Column and expression over `new`.
    pub assignments: Vec<(Ident, String)>,
    /// Other relations that the expressions read.
    pub from: Option<String>,
    /// The rest of the condition, over `new` and those relations.
    pub predicate: Option<String>,
    /// When the trigger has work to do, over `new` alone.
    pub when: String,
    /// Whether an UPDATE wrote what the values are made of and left the columns as they were, over
    /// `old` and `new`: they are computed again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<String>,
    /// The schemas in which the expressions were understood; pinned when they name functions or
    /// relations.
    pub search_path: Option<Vec<Ident>>,
    /// Whether it must read relations that the application's role may not see.
    pub definer: bool,
    /// Whether a value that can't be computed leaves the column NULL, so that the writer doesn't
    /// fail; it is counted, and the batches come to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub guarded: bool,
    /// Two columns that are kept the same, whichever is written, in place of columns that are
    /// filled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<Twin>,
    /// A second name of one column, in place of columns that are filled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<Alias>,
    /// Rows of another table that are kept as those of this one say, in place of columns that are
    /// filled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow: Option<Follow>,
}

/// Rows of another table, each made of one row of this one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Follow {
    /// The other table.
    pub target: TableName,
    /// Its columns.
    pub columns: Vec<Ident>,
    /// Their values, over `new`.
    pub values: Vec<String>,
    /// The other table's columns that tell whose row it is, each with the column of this one.
    pub key: Vec<(Ident, Ident)>,
    /// Whether a row has one there, over `new`; every row has, where nothing is said.
    pub takes_new: Option<String>,
    /// The same of the former row, over `old`.
    pub took_old: Option<String>,
}

/// A column that stands for another one under a second name, for as long as code may use either.
/// The original holds every value that was acknowledged: what is written to the second name is
/// carried over to it before other triggers see the row, and the second name always shows what the
/// original holds when they are done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Alias {
    /// The column that stays.
    pub original: Ident,
    /// The column that bears the second name.
    pub alias: Ident,
    /// Whether an INSERT wrote the second name, over `new`.
    pub inserted: String,
    /// Whether an UPDATE wrote the second name, over `old` and `new`.
    pub updated: String,
}

/// Two columns of one row that say the same in two forms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Twin {
    /// The column that older code writes.
    pub old: Ident,
    /// The column that newer code writes.
    pub new: Ident,
    /// The new one's value, over `new`.
    pub forward: String,
    /// The old one's value, over `new`; empty where nothing carries one back, as nobody writes the
    /// new one.
    pub back: String,
    /// Whether values of either can't be compared, and their texts are; where nothing else is said.
    #[serde(default)]
    pub as_text: bool,
    /// Whether an UPDATE wrote another value to the new one, over `old` and `new`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_changed: Option<String>,
    /// The same of the old one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_changed: Option<String>,
    /// The version of the application's schema whose sessions write the new one, and mean it when
    /// they leave it NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer: Option<Ident>,
    /// Whether the old one refuses NULL, and stays as it was where it can't have the new one's
    /// value.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refuses_null: bool,
}
