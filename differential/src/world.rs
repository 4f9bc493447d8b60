//! What a database holds that the next statement can speak of, read from its catalogs.

use crate::Broken;
use serde::Deserialize;
use tokio_postgres::Client;

/// A database's objects.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct World {
    /// Schemas that aren't the system's.
    pub schemas: Vec<String>,
    /// Tables, partitioned tables, views and materialized views.
    pub relations: Vec<Relation>,
    /// Sequences, those of columns too.
    pub sequences: Vec<Sequence>,
    /// Enums, domains, composites and ranges.
    pub types: Vec<Type>,
    /// Functions, procedures and aggregates.
    pub functions: Vec<Function>,
    /// Extended statistics.
    pub statistics: Vec<Statistics>,
    /// Publications.
    pub publications: Vec<String>,
    /// Collations of the author's.
    pub collations: Vec<String>,
    /// Extensions that are installed.
    pub extensions: Vec<String>,
    /// Extensions of ours that could be.
    pub available: Vec<String>,
    /// The server's major version.
    pub version: u32,
}

/// A table, partitioned table (`p`), view (`v`) or materialized view (`m`).
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Relation {
    /// What stays its own through renames, in a copy of the database too.
    pub oid: u32,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// `r`, `p`, `v` or `m`, as pg_class says.
    pub kind: char,
    /// Whether row-level security is on.
    pub row_security: bool,
    /// `p` for permanent, `u` for unlogged.
    pub persistence: char,
    /// The partitioned table that it is a partition of.
    pub partition_of: Option<String>,
    /// What it inherits from, as a partition or a child.
    pub parent: Option<String>,
    /// `FOR VALUES ..`.
    pub bound: Option<String>,
    /// `RANGE (at)`.
    pub partition_key: Option<String>,
    /// How many partitions or children it has.
    pub children: u32,
    /// How many views read it.
    pub view_readers: u32,
    /// Its comment.
    pub comment: Option<String>,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// Its own constraints.
    pub constraints: Vec<Constraint>,
    /// Its indexes.
    pub indexes: Vec<Index>,
    /// Its triggers.
    pub triggers: Vec<Trigger>,
    /// Its rules.
    pub rules: Vec<String>,
    /// Its policies.
    pub policies: Vec<String>,
    /// A view's query.
    pub definition: Option<String>,
}

/// A column.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Column {
    /// Its number in the table, which stays through renames.
    pub number: i16,
    /// Its name.
    pub name: String,
    /// Its type, with its modifier.
    #[serde(rename = "type")]
    pub kind: String,
    /// pg_type's category: `N` for numbers, `S` for texts.
    pub category: char,
    /// A collation of its own.
    pub collation: Option<String>,
    /// Whether NULL is refused.
    pub not_null: bool,
    /// `a`, `d` or nothing.
    pub identity: String,
    /// `s`, `v` or nothing.
    pub generated: String,
    /// Its default.
    pub default: Option<String>,
    /// Whether a sequence of its own numbers it.
    pub numbered: bool,
    /// Whether it is not only inherited.
    pub local: bool,
}

/// A constraint.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Constraint {
    /// Its name.
    pub name: String,
    /// `c`, `f`, `p`, `u`, `x` or `n`, as pg_constraint says.
    pub kind: char,
    /// Whether its rows are proven.
    pub valid: bool,
    /// What it demands.
    pub definition: String,
    /// Whether it is not only inherited.
    pub local: bool,
    /// Its columns.
    pub columns: Vec<String>,
}

/// An index.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Its schema.
    pub schema: String,
    /// Whether it refuses duplicates.
    pub unique: bool,
    /// Whether it is complete.
    pub valid: bool,
    /// Whether a constraint owns it.
    pub constraint: bool,
    /// Whether it has a WHERE clause.
    pub partial: bool,
    /// Whether it has an expression.
    pub expression: bool,
    /// Whether it belongs to a partitioned one.
    pub child: bool,
    /// Its whole statement.
    pub definition: String,
    /// Its plain columns.
    pub columns: Vec<String>,
}

/// A trigger.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// Its whole statement.
    pub definition: String,
    /// `O`, `D`, `R` or `A`.
    pub enabled: char,
    /// Whether it fires for each row.
    pub row: bool,
    /// Its function.
    pub function: String,
}

/// A sequence.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Sequence {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Whether a column owns it.
    pub owned: bool,
    /// Whether it is an identity column's.
    pub identity: bool,
}

/// A type.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Type {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// `e`, `d`, `c` or `r`, as pg_type says.
    pub kind: char,
    /// What a domain is of.
    pub base: Option<String>,
    /// The values of an enum.
    pub labels: Vec<String>,
    /// The constraints of a domain.
    pub constraints: Vec<String>,
    /// The attributes of a composite, with their types.
    pub attributes: Vec<(String, String)>,
}

/// A function, procedure or aggregate.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Function {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// The arguments that tell it from others of its name.
    pub arguments: String,
    /// `f`, `p`, `a` or `w`.
    pub kind: char,
    /// What it returns.
    pub result: Option<String>,
    /// Its whole statement.
    pub definition: Option<String>,
    /// Whether it is for triggers.
    pub trigger: bool,
}

/// Extended statistics.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Statistics {
    /// Their schema.
    pub schema: String,
    /// Their name.
    pub name: String,
    /// Their table.
    pub table: String,
}

impl World {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// When the server refuses.
    pub async fn read(client: &Client) -> Result<World, Broken> {
        let text: String = client
            .query_one(include_str!("world.sql"), &[])
            .await?
            .get(0);
        Ok(serde_json::from_str(&text)?)
    }

    /// Relations of these kinds.
    pub fn of_kind<'a>(&'a self, kinds: &'a [char]) -> Vec<&'a Relation> {
        self.relations
            .iter()
            .filter(|one| kinds.contains(&one.kind))
            .collect()
    }

    /// Whether anything that shares the namespace of relations, or a type, has the name.
    pub fn is_taken(&self, name: &str) -> bool {
        self.relations
            .iter()
            .any(|one| one.name == name || one.indexes.iter().any(|index| index.name == name))
            || self.sequences.iter().any(|one| one.name == name)
            || self.types.iter().any(|one| one.name == name)
    }
}

impl Relation {
    /// Its name as SQL, marked.
    #[must_use]
    pub fn sql(&self) -> String {
        crate::sql::qualified(&self.schema, &self.name)
    }

    /// Whether it keeps rows of its own or its partitions do.
    #[must_use]
    pub fn is_table(&self) -> bool {
        matches!(self.kind, 'r' | 'p')
    }

    /// Columns that statements may write.
    pub fn writable(&self) -> Vec<&Column> {
        self.columns
            .iter()
            .filter(|one| one.generated.is_empty() && one.identity != "a")
            .collect()
    }

    /// The columns of its primary key.
    pub fn key(&self) -> Vec<&Column> {
        let key = self.constraints.iter().find(|one| one.kind == 'p');
        let names = key.map(|one| one.columns.as_slice()).unwrap_or_default();
        names
            .iter()
            .filter_map(|name| self.columns.iter().find(|one| one.name == *name))
            .collect()
    }
}
