//! Indexes.

use concertina_revisions::{Ident, TableName};
use serde::{Deserialize, Serialize};

/// One index.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Index {
    /// Its schema, which is its table's.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Key columns in order; an expression is an empty name.
    pub keys: Vec<String>,
    /// Every column that the index mentions anywhere: keys, INCLUDE, expressions, predicate.
    pub mentions: Vec<String>,
    /// Whether it refuses duplicates.
    pub unique: bool,
    /// Whether it covers only some rows.
    pub partial: bool,
    /// Whether CLUSTER would follow it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clustered: bool,
    /// Storage parameters that were set, as `name=value`.
    #[serde(default)]
    pub options: Vec<String>,
    /// Whether queries may use it.
    pub valid: bool,
    /// The constraint that owns it.
    pub constraint: Option<String>,
    /// `pg_get_indexdef`.
    pub definition: String,
    /// Its tablespace, where it isn't the database's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tablespace: Option<String>,
    /// What COMMENT ON says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The index of a partitioned table that it is a part of, as `[schema, name]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_of: Option<(String, String)>,
}

impl Index {
    /// What a replica identity by this index is written as.
    pub(crate) fn as_identity(&self) -> String {
        format!("USING INDEX {}", Ident::new(self.name.as_str()).sql())
    }
}

impl Index {
    /// `USING ..`, as it is in the definition.
    pub(crate) fn tail(&self) -> Option<&str> {
        self.definition
            .find(" USING ")
            .map(|at| &self.definition[at + 1..])
    }

    /// Schema and name.
    pub(crate) fn full_name(&self) -> TableName {
        TableName::new(self.schema.as_str(), self.name.as_str())
    }

    /// A valid index of that name, over nothing yet.
    pub(crate) fn named(schema: &str, name: &str) -> Index {
        Index {
            schema: schema.to_owned(),
            name: name.to_owned(),
            valid: true,
            ..Index::default()
        }
    }
}
