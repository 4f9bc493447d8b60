//! Tables and all that belongs to one.

use super::{Dependant, Index, Policy, Rule, Trigger, TypeObstacle};
use concertina_revisions::{Ident, TableName};
use serde::{Deserialize, Serialize};

/// What kind of relation it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableKind {
    /// A table with rows of its own.
    #[default]
    Plain,
    /// A partitioned table: its leaves have the rows.
    Partitioned,
    /// A table on another server.
    Foreign,
    /// A view.
    View,
    /// A materialized view.
    Materialized,
}

/// One relation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: TableKind,
    /// Whether its rows lie in PostgreSQL's own heap, whose blocks can be walked in order.
    pub heap: bool,
    /// Estimated rows, leaves included.
    pub rows: f64,
    /// Blocks of 8 KiB that the table has now, leaves included.
    pub pages: u64,
    /// Whether PostgreSQL was asked for a row of it, or of what is below it, and found none. The
    /// number of blocks proves nothing: rows may live elsewhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_rows: bool,
    /// Whether PostgreSQL refuses to update it: it is published, and nothing identifies its rows to
    /// subscribers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub update_refused: bool,
    /// Whether its updates are published.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub update_published: bool,
    /// Whether the connected role may alter it.
    pub owned: bool,
    /// The role that owns it.
    #[serde(default)]
    pub owner: String,
    /// The rights on it, as PostgreSQL's own access control items; none where they are its owner's
    /// alone.
    #[serde(default)]
    pub rights: Option<Vec<String>>,
    /// What COMMENT ON says of it.
    #[serde(default)]
    pub comment: Option<String>,
    /// Whether row-level security is on.
    pub row_security: bool,
    /// Whether it holds for the owner too.
    #[serde(default)]
    pub row_security_forced: bool,
    /// A materialized view that was never filled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unfilled: bool,
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The constraints.
    pub constraints: Vec<Constraint>,
    /// The indexes.
    pub indexes: Vec<Index>,
    /// Extended statistics, as `[schema, name, definition]`.
    #[serde(default)]
    pub statistics: Vec<(String, String, String)>,
    /// How its rows are spread over partitions.
    #[serde(default)]
    pub partition_key: Option<PartitionKey>,
    /// The table that it is a partition of.
    #[serde(default)]
    pub partition_of: Option<PartitionOf>,
    /// Direct partitions, as `[schema, name]`.
    #[serde(default)]
    pub partitions: Vec<(String, String)>,
    /// Tables that inherit from it directly, as `[schema, name]`.
    #[serde(default)]
    pub children: Vec<(String, String)>,
    /// Views and the like that name it or a column of it.
    #[serde(default)]
    pub dependants: Vec<Dependant>,
    /// The triggers that users made.
    pub triggers: Vec<Trigger>,
    /// The rules that users made for what writes rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// What a change of a column's type can't follow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub type_obstacles: Vec<TypeObstacle>,
    /// `CREATE TABLE .. OF type`: its columns are the type's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_type: bool,
    /// Storage parameters that were set, as `name=value`.
    #[serde(default)]
    pub options: Vec<String>,
    /// The policies of row-level security.
    #[serde(default)]
    pub policies: Vec<Policy>,
    /// What identifies a row to replication, as ALTER TABLE takes it.
    #[serde(default)]
    pub replica_identity: Option<String>,
    /// Made by the revision that is being planned: nobody else sees it yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_new: bool,
}

/// One column.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as SQL.
    pub type_sql: String,
    /// Whether NULL is refused.
    pub not_null: bool,
    /// Its default, as SQL.
    pub default: Option<String>,
    /// Whether it is generated or an identity: never written by an UPDATE of ours.
    pub generated: bool,
    /// Who may give an identity column its values.
    #[serde(default)]
    pub identity: Option<Identity>,
    /// Whether a sequence goes with it, by OWNED BY.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owns_sequence: bool,
    /// The expression that a generated column is computed by, and whether it is stored.
    #[serde(default)]
    pub expression: Option<(String, bool)>,
    /// How large values are compressed, where that was set.
    #[serde(default)]
    pub compression: Option<String>,
    /// Options of its statistics, as `name=value`.
    #[serde(default)]
    pub options: Vec<String>,
    /// The rights on it alone, as PostgreSQL's own access control items.
    #[serde(default)]
    pub rights: Option<Vec<String>>,
    /// What COMMENT ON says of it.
    #[serde(default)]
    pub comment: Option<String>,
    /// The statistics target, -1 for the default.
    #[serde(default)]
    pub statistics: Option<i32>,
    /// How large values are kept, as ALTER TABLE takes it.
    #[serde(default)]
    pub storage: Option<String>,
    /// Whether that isn't its type's way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub storage_set: bool,
    /// Its collation as SQL, where it isn't its type's.
    #[serde(default)]
    pub collation: Option<String>,
    /// How many parents it is inherited from.
    #[serde(default)]
    pub inherited: u32,
    /// Made by the revision that is being planned, so that every row's value is known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_new: bool,
    /// Made by the revision that is being planned, and given values by a later statement of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_written: bool,
    /// Something of ours fills it for writers that leave it out: a sync trigger of this revision.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub synced: bool,
}

/// What a constraint demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConstraintKind {
    /// `CHECK (..)`.
    Check,
    /// `FOREIGN KEY .. REFERENCES ..`.
    ForeignKey,
    /// `UNIQUE (..)`.
    Unique,
    /// `PRIMARY KEY (..)`.
    PrimaryKey,
    /// `EXCLUDE ..`.
    Exclude,
    /// `NOT NULL` as a constraint of its own (PostgreSQL 18).
    NotNull,
    /// Anything else, such as a constraint trigger.
    Other,
}

/// One constraint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Constraint {
    /// Its name.
    pub name: String,
    /// What it demands.
    pub kind: ConstraintKind,
    /// The columns it speaks of, in its own order.
    pub columns: Vec<String>,
    /// `pg_get_constraintdef`.
    pub definition: String,
    /// Whether all rows are proven against it.
    pub validated: bool,
    /// The referenced table of a foreign key, as `[schema, name]`.
    pub references: Option<(String, String)>,
    /// The index of the referenced table that a foreign key relies on.
    #[serde(default)]
    pub relies_on: Option<String>,
    /// What COMMENT ON says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Who gives an identity column its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// The sequence, whatever is written.
    Always,
    /// The sequence, unless a value is written.
    ByDefault,
}

impl Identity {
    /// PostgreSQL's own words for it.
    pub fn words(self) -> &'static str {
        match self {
            Identity::Always => "ALWAYS",
            Identity::ByDefault => "BY DEFAULT",
        }
    }
}

/// How a partitioned table's rows are spread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionKey {
    /// `RANGE`, `LIST` or `HASH`.
    pub strategy: String,
    /// The columns in order; an expression is an empty name.
    pub columns: Vec<String>,
}

/// Where a partition belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionOf {
    /// The parent's schema.
    pub schema: String,
    /// The parent's name.
    pub name: String,
    /// `FOR VALUES ..` or `DEFAULT`.
    pub bound: String,
}

impl PartitionOf {
    /// The parent.
    pub fn parent(&self) -> TableName {
        TableName::new(self.schema.as_str(), self.name.as_str())
    }
}

impl Table {
    /// An empty table of `public`, to build on.
    pub fn new(name: &str) -> Table {
        Table {
            schema: "public".to_owned(),
            name: name.to_owned(),
            heap: true,
            owned: true,
            without_rows: true,
            ..Table::default()
        }
    }

    /// The same table holding about so many rows of some 160 bytes.
    pub fn rows(mut self, rows: u32) -> Table {
        self.rows = f64::from(rows);
        self.pages = u64::from(rows).div_ceil(48);
        self.without_rows = rows == 0;
        self
    }

    /// The same table with one more nullable column.
    pub fn column(mut self, name: &str, type_sql: &str) -> Table {
        self.columns.push(Column {
            name: name.to_owned(),
            type_sql: type_sql.to_owned(),
            ..Column::default()
        });
        self
    }

    /// The same table with a unique constraint and the index behind it.
    pub fn unique(mut self, name: &str, columns: &[&str]) -> Table {
        let columns: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
        self.constraints.push(Constraint {
            name: name.to_owned(),
            kind: ConstraintKind::Unique,
            columns: columns.clone(),
            definition: format!("UNIQUE ({})", columns.join(", ")),
            validated: true,
            references: None,
            relies_on: None,
            comment: None,
        });
        let definition = format!(
            "CREATE UNIQUE INDEX {name} ON {}.{} USING btree ({})",
            self.schema,
            self.name,
            columns.join(", ")
        );
        self.indexes.push(Index {
            keys: columns.clone(),
            mentions: columns,
            unique: true,
            constraint: Some(name.to_owned()),
            definition,
            ..Index::named(&self.schema, name)
        });
        self
    }

    /// Schema and name.
    pub fn full_name(&self) -> TableName {
        TableName::new(self.schema.as_str(), self.name.as_str())
    }

    /// Whether this is the table of that name.
    pub fn is(&self, name: &TableName) -> bool {
        self.schema == name.schema.as_str() && self.name == name.name.as_str()
    }

    /// A column by name.
    pub fn get(&self, column: &Ident) -> Option<&Column> {
        self.columns
            .iter()
            .find(|candidate| candidate.name == column.as_str())
    }

    pub(crate) fn get_mut(&mut self, column: &Ident) -> Option<&mut Column> {
        self.columns
            .iter_mut()
            .find(|candidate| candidate.name == column.as_str())
    }

    /// Whether an index of that name is the table's.
    pub(crate) fn has_index(&self, name: &TableName) -> bool {
        self.schema == name.schema.as_str()
            && self
                .indexes
                .iter()
                .any(|index| index.name == name.name.as_str())
    }

    /// Whether the revision made a column that is NULL in every row so far.
    pub(crate) fn is_fresh(&self, column: &Ident) -> bool {
        self.get(column).is_some_and(|one| {
            one.is_new && !one.is_written && one.default.is_none() && !one.generated
        })
    }

    /// A constraint by name.
    pub fn constraint(&self, name: &Ident) -> Option<&Constraint> {
        self.constraints
            .iter()
            .find(|constraint| constraint.name == name.as_str())
    }

    /// The columns of the primary key, else of the smallest unique index over columns that are
    /// never NULL.
    pub fn key(&self) -> Option<Vec<Ident>> {
        let never_null = |name: &String| {
            self.columns
                .iter()
                .any(|column| column.name == *name && column.not_null)
        };
        let primary = self
            .constraints
            .iter()
            .find(|constraint| constraint.kind == ConstraintKind::PrimaryKey);
        let unique = || {
            self.indexes
                .iter()
                .filter(|index| {
                    index.unique
                        && index.valid
                        && !index.partial
                        && index.keys.iter().all(never_null)
                })
                .min_by_key(|index| index.keys.len())
        };
        let columns = primary
            .map(|constraint| &constraint.columns)
            .or_else(|| unique().map(|index| &index.keys))?;
        Some(
            columns
                .iter()
                .map(|column| Ident::new(column.as_str()))
                .collect(),
        )
    }
}

impl Constraint {
    /// The table that a foreign key points at.
    pub fn referenced(&self) -> Option<TableName> {
        self.references
            .as_ref()
            .map(|(schema, name)| TableName::new(schema.as_str(), name.as_str()))
    }
}
