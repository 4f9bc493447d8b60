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
    /// The schemas in which the expressions were understood; pinned when they name functions or relations.
    pub search_path: Option<Vec<Ident>>,
    /// Whether it must read relations that the application's role may not see.
    pub definer: bool,
    /// Two columns that are kept the same, whichever is written, in place of columns that are filled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<Twin>,
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
    /// The old one's value, over `new`.
    pub back: String,
    /// Whether values of either can't be compared, and their texts are.
    pub as_text: bool,
    /// The version of the application's schema whose sessions write the new one, and mean it when they leave it NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer: Option<Ident>,
}
