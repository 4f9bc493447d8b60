//! What the database holds, as a plain value. The engine loads it, tests write it by hand, and
//! [`Catalog::after`] says what it becomes when a change is made.

mod after;
mod functions;
mod index;

pub use functions::{AGGREGATE_BUILTINS, VOLATILE_BUILTINS};
pub use index::Index;

use concertina_revisions::{Ident, TableName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The facts that planning needs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalog {
    /// `server_version_num`, such as 150018.
    pub server_version: u32,
    /// The schemas that unqualified names are looked up in, first one first.
    pub search_path: Vec<Ident>,
    /// Tables, partitioned tables, foreign tables and views. Shared, because planning looks at many versions of a
    /// catalog that differ in one table.
    pub tables: Vec<Arc<Table>>,
    /// Enum types and their values.
    pub enums: Vec<Enum>,
    /// Installed extensions.
    pub extensions: BTreeSet<String>,
    /// Extensions that the server could install.
    pub available_extensions: Arc<BTreeSet<String>>,
    /// Names of functions that may give another value each time.
    pub volatile_functions: Arc<BTreeSet<String>>,
    /// Names of functions that compute over many rows at once.
    pub aggregates: Arc<BTreeSet<String>>,
}

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
    /// A view or materialised view.
    View,
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
    /// Whether the connected role may alter it.
    pub owned: bool,
    /// Whether row-level security is on.
    pub row_security: bool,
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The constraints.
    pub constraints: Vec<Constraint>,
    /// The indexes.
    pub indexes: Vec<Index>,
    /// Extended statistics, as `[schema, name, definition]`.
    #[serde(default)]
    pub statistics: Vec<(String, String, String)>,
    /// Direct partitions, as `[schema, name]`.
    #[serde(default)]
    pub partitions: Vec<(String, String)>,
    /// The triggers that users made.
    pub triggers: Vec<Trigger>,
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
    /// The statistics target, -1 for the default.
    #[serde(default)]
    pub statistics: Option<i32>,
    /// How large values are kept, as ALTER TABLE takes it.
    #[serde(default)]
    pub storage: Option<String>,
    /// Made by the revision that is being planned, so that every row's value is known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_new: bool,
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
}

/// One trigger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// Whether it fires for each updated row.
    pub on_update: bool,
    /// Whether it fires for each deleted row.
    pub on_delete: bool,
    /// `pg_get_triggerdef`.
    #[serde(default)]
    pub definition: String,
}

/// One policy of row-level security.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// The CREATE POLICY that makes it.
    pub definition: String,
}

/// One enum type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Enum {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its values in order.
    pub labels: Vec<String>,
}

impl Catalog {
    /// A catalog of the given tables, as a PostgreSQL 15 with `public` in its search path would have it.
    pub fn of(tables: impl IntoIterator<Item = Table>) -> Catalog {
        Catalog {
            server_version: 150_000,
            search_path: vec![Ident::new("public")],
            tables: tables.into_iter().map(Arc::new).collect(),
            volatile_functions: Arc::new(VOLATILE_BUILTINS.map(str::to_owned).into()),
            aggregates: Arc::new(AGGREGATE_BUILTINS.map(str::to_owned).into()),
            ..Catalog::default()
        }
    }

    /// The table of exactly this name.
    pub fn table(&self, name: &TableName) -> Option<&Table> {
        self.tables.iter().find(|table| table.is(name)).map(Arc::as_ref)
    }

    pub(crate) fn table_mut(&mut self, name: &TableName) -> Option<&mut Table> {
        self.tables.iter_mut().find(|table| table.is(name)).map(Arc::make_mut)
    }

    /// What a name in SQL means: the schema it says, or the first in the search path that has such a relation.
    pub fn resolve(&self, schema: Option<&str>, name: &str) -> Option<TableName> {
        let matching = |schema: &str| self.tables.iter().find(|table| table.schema == schema && table.name == name);
        match schema {
            Some(schema) => matching(schema),
            None => self.search_path.iter().find_map(|schema| matching(schema.as_str())),
        }
        .map(|table| table.full_name())
    }

    /// The name that a new relation gets.
    pub fn name_for_new(&self, schema: Option<&str>, name: &str) -> TableName {
        let schema = schema
            .map_or_else(|| self.search_path.first().cloned().unwrap_or_else(|| Ident::new("public")), Ident::new);
        TableName { schema, name: Ident::new(name) }
    }

    /// The table that an index belongs to, and the index.
    pub fn index(&self, schema: Option<&str>, name: &str) -> Option<(&Table, &Index)> {
        let in_schema = |wanted: &str| {
            self.tables.iter().find_map(|table| {
                let index = table.indexes.iter().find(|index| index.schema == wanted && index.name == name)?;
                Some((table.as_ref(), index))
            })
        };
        match schema {
            Some(schema) => in_schema(schema),
            None => self.search_path.iter().find_map(|schema| in_schema(schema.as_str())),
        }
    }

    /// Whether a table holds no row, or none that anyone but this revision has seen.
    pub fn is_empty(&self, name: &TableName) -> bool {
        self.table(name).is_some_and(|table| table.is_new || (table.pages == 0 && table.kind == TableKind::Plain))
    }

    /// Whether a function gives another value each time.
    pub fn is_volatile(&self, function: &str) -> bool {
        self.volatile_functions.contains(function)
    }

    /// Whether a function computes over many rows at once.
    pub fn is_aggregate(&self, function: &str) -> bool {
        self.aggregates.contains(function)
    }

    /// Whether any relation, index or constraint-backed index of a schema has this name.
    pub fn relation_name_taken(&self, schema: &str, name: &str) -> bool {
        self.tables.iter().any(|table| {
            (table.schema == schema && table.name == name)
                || table.indexes.iter().any(|index| index.schema == schema && index.name == name)
        })
    }

    /// Foreign keys that point at a table, with the tables they stand on.
    pub fn referencing(&self, name: &TableName) -> impl Iterator<Item = (&Table, &Constraint)> {
        self.tables.iter().flat_map(move |table| {
            table
                .constraints
                .iter()
                .filter(move |constraint| constraint.referenced().as_ref() == Some(name) && !table.is(name))
                .map(move |constraint| (table.as_ref(), constraint))
        })
    }
}

impl Table {
    /// An empty table of `public`, to build on.
    pub fn new(name: &str) -> Table {
        Table { schema: "public".to_owned(), name: name.to_owned(), heap: true, owned: true, ..Table::default() }
    }

    /// The same table holding about so many rows of some 160 bytes.
    pub fn rows(mut self, rows: u32) -> Table {
        self.rows = f64::from(rows);
        self.pages = u64::from(rows).div_ceil(48);
        self
    }

    /// The same table with one more nullable column.
    pub fn column(mut self, name: &str, type_sql: &str) -> Table {
        self.columns.push(Column { name: name.to_owned(), type_sql: type_sql.to_owned(), ..Column::default() });
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
        });
        self.indexes.push(Index {
            schema: self.schema.clone(),
            name: name.to_owned(),
            definition: format!(
                "CREATE UNIQUE INDEX {name} ON {}.{} USING btree ({})",
                self.schema,
                self.name,
                columns.join(", ")
            ),
            keys: columns.clone(),
            mentions: columns,
            unique: true,
            partial: false,
            valid: true,
            constraint: Some(name.to_owned()),
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
        self.columns.iter().find(|candidate| candidate.name == column.as_str())
    }

    pub(crate) fn get_mut(&mut self, column: &Ident) -> Option<&mut Column> {
        self.columns.iter_mut().find(|candidate| candidate.name == column.as_str())
    }

    /// Whether an index of that name is the table's.
    pub(crate) fn has_index(&self, name: &TableName) -> bool {
        self.schema == name.schema.as_str() && self.indexes.iter().any(|index| index.name == name.name.as_str())
    }

    /// A constraint by name.
    pub fn constraint(&self, name: &Ident) -> Option<&Constraint> {
        self.constraints.iter().find(|constraint| constraint.name == name.as_str())
    }

    /// The columns of the primary key, else of the smallest unique index over columns that are never NULL.
    pub fn key(&self) -> Option<Vec<Ident>> {
        let never_null = |name: &String| self.columns.iter().any(|column| column.name == *name && column.not_null);
        let primary = self.constraints.iter().find(|constraint| constraint.kind == ConstraintKind::PrimaryKey);
        let unique = || {
            self.indexes
                .iter()
                .filter(|index| index.unique && index.valid && !index.partial && index.keys.iter().all(never_null))
                .min_by_key(|index| index.keys.len())
        };
        let columns = primary.map(|constraint| &constraint.columns).or_else(|| unique().map(|index| &index.keys))?;
        Some(columns.iter().map(|column| Ident::new(column.as_str())).collect())
    }

    /// Whether a valid CHECK already proves that the column holds no NULL.
    pub fn proven_not_null(&self, column: &Ident) -> bool {
        let plain = format!("CHECK (({} IS NOT NULL))", column.sql());
        self.constraints.iter().any(|constraint| constraint.validated && constraint.definition == plain)
    }
}

impl Constraint {
    /// The table that a foreign key points at.
    pub fn referenced(&self) -> Option<TableName> {
        self.references.as_ref().map(|(schema, name)| TableName::new(schema.as_str(), name.as_str()))
    }
}
