//! What the database holds, as a plain value. The engine loads it, tests write it by hand, and
//! [`Catalog::after`] says what it becomes when a change is made.

pub mod account;
mod attached;
mod functions;
mod index;
mod places;
mod table;

pub(crate) use attached::Fires;
pub use attached::{Dependant, Policy, Rule, Standing, Trigger, TypeObstacle};
pub use functions::{AGGREGATE_BUILTINS, Function, VOLATILE_BUILTINS};
pub use index::Index;
pub use places::Places;
pub use table::{
    Column, Constraint, ConstraintKind, Identity, PartitionKey, PartitionOf, Table, TableKind,
};

use crate::footprint::Thing;
use concertina_revisions::{Ident, TableName};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The facts that planning needs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalog {
    /// `server_version_num`, such as 150018.
    pub server_version: u32,
    /// The schemas that unqualified names are looked up in, first one first.
    pub search_path: Vec<Ident>,
    /// Tables, partitioned tables, foreign tables and views. Shared, because planning looks at many
    /// versions of a catalog that differ in one table.
    pub tables: Vec<Arc<Table>>,
    /// Enum types and their values.
    pub enums: Vec<Enum>,
    /// Names of domains that demand something of their values.
    #[serde(default)]
    pub constrained_domains: Arc<BTreeSet<String>>,
    /// Names of types other than enums that the revision made which is being planned.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub new_types: BTreeSet<String>,
    /// Functions and procedures that users made.
    #[serde(default)]
    pub functions: Arc<Vec<Function>>,
    /// The schemas that are there.
    #[serde(default)]
    pub schemas: BTreeSet<String>,
    /// Relations that are neither tables nor indexes, as `[schema, name]`: sequences and composite
    /// types.
    #[serde(default)]
    pub other_relations: Arc<BTreeSet<(String, String)>>,
    /// Installed extensions.
    pub extensions: BTreeSet<String>,
    /// Extensions that the server could install.
    pub available_extensions: Arc<BTreeSet<String>>,
    /// Whether the connected role may work where other people's triggers and rules see nothing of
    /// it.
    #[serde(default)]
    pub may_silence: bool,
    /// Types that users made.
    #[serde(default)]
    pub types: Arc<Vec<UserType>>,
    /// Casts that leave a value as it is stored, each with the names of both types.
    #[serde(default)]
    pub binary_casts: Arc<BTreeSet<(String, String)>>,
    /// Casts that an assignment takes by itself, in the same way; empty where that isn't known.
    #[serde(default)]
    pub assignment_casts: Arc<BTreeSet<(String, String)>>,
    /// Names of functions that may give another value each time.
    pub volatile_functions: Arc<BTreeSet<String>>,
    /// Names of functions that users or extensions made and that may read tables: those that aren't
    /// declared IMMUTABLE.
    #[serde(default)]
    pub reading_functions: Arc<BTreeSet<String>>,
    /// Names of functions that compute over many rows at once.
    pub aggregates: Arc<BTreeSet<String>>,
    /// What calls functions without naming them: operators, by their symbols, and types, by their
    /// names, for the casts to them and what domains demand.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub callers: BTreeMap<String, BTreeSet<String>>,
    /// The versions of the application's schema that are there, in the order in which they were
    /// made; nothing where the application has none and shall have none.
    #[serde(default)]
    pub versions: Option<Vec<Version>>,
    /// Whether no table holds a row, but those that revisions put there that were run as they are
    /// written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unpopulated: bool,
    /// Where tables are.
    #[serde(skip)]
    pub places: Places,
}

/// A version of the application's schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// The schema of its views.
    pub schema: String,
    /// Versions are numbered in the order in which they are made.
    pub number: i32,
    /// The revision that it was made for.
    pub revision: String,
    /// The names of its views.
    pub views: Vec<String>,
}

/// A type that isn't PostgreSQL's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserType {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// The type that a domain is made of, as `format_type` writes it; none for other types.
    pub base: Option<String>,
    /// Whether a domain demands something of its values, by itself or by the one it is made of.
    #[serde(default)]
    pub demanding: bool,
    /// Whether a column of it has a default without saying so: a domain's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub defaulted: bool,
    /// Its collation as SQL, where it isn't the database's.
    #[serde(default)]
    pub collation: Option<String>,
    /// Whether its name alone means another type.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    /// The types of a composite type's attributes, as `format_type` writes them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<String>,
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
    /// A catalog of the given tables, as a PostgreSQL 15 with `public` in its search path would
    /// have it.
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
        self.places
            .find(&self.tables, name)
            .map(|at| &*self.tables[at])
    }

    pub(crate) fn table_mut(&mut self, name: &TableName) -> Option<&mut Table> {
        self.places
            .find(&self.tables, name)
            .map(|at| Arc::make_mut(&mut self.tables[at]))
    }

    /// What a name in SQL means: the schema it says, or the first in the search path that has such
    /// a relation.
    pub fn resolve(&self, schema: Option<&str>, name: &str) -> Option<TableName> {
        let matching = |schema: &str| {
            self.tables
                .iter()
                .find(|table| table.schema == schema && table.name == name)
        };
        match schema {
            Some(schema) => matching(schema),
            None => self
                .search_path
                .iter()
                .find_map(|schema| matching(schema.as_str())),
        }
        .map(|table| table.full_name())
    }

    /// The name that a new relation gets.
    pub fn name_for_new(&self, schema: Option<&str>, name: &str) -> TableName {
        let schema = schema.map_or_else(
            || {
                self.search_path
                    .first()
                    .cloned()
                    .unwrap_or_else(|| Ident::new("public"))
            },
            Ident::new,
        );
        TableName {
            schema,
            name: Ident::new(name),
        }
    }

    /// The table that an index belongs to, and the index.
    pub fn index(&self, schema: Option<&str>, name: &str) -> Option<(&Table, &Index)> {
        let in_schema = |wanted: &str| {
            self.tables.iter().find_map(|table| {
                let index = table
                    .indexes
                    .iter()
                    .find(|index| index.schema == wanted && index.name == name)?;
                Some((table.as_ref(), index))
            })
        };
        match schema {
            Some(schema) => in_schema(schema),
            None => self
                .search_path
                .iter()
                .find_map(|schema| in_schema(schema.as_str())),
        }
    }

    /// Whether a table holds no row, or none that anyone but this revision has seen. One that
    /// versions of the application's schema show is never taken for empty: what they show of it
    /// can't go before them.
    pub fn is_empty(&self, name: &TableName) -> bool {
        let empty = |table: &Table| {
            table.without_rows && table.kind == TableKind::Plain && !self.has_versions()
        };
        self.table(name)
            .is_some_and(|table| table.is_new || empty(table))
    }

    /// Whether a table, and every table whose rows a change of it might look at, is new or proven
    /// to hold no row: what it is a part of, what is a part of it, and what points at it.
    pub(crate) fn touches_no_row(&self, name: &TableName) -> bool {
        self.around(name).iter().all(|name| {
            self.table(name)
                .is_some_and(|table| table.is_new || table.without_rows)
        })
    }

    /// A table, what it is a part of, what is a part of it, and what points at any of these.
    pub(crate) fn around(&self, name: &TableName) -> Vec<TableName> {
        let root = self.root(name);
        let mut family = self.below(&root);
        family.insert(0, root);
        let pointing: Vec<TableName> = family
            .iter()
            .flat_map(|member| self.referencing(member))
            .map(|(table, _)| table.full_name())
            .collect();
        for table in pointing {
            if !family.contains(&table) {
                family.push(table);
            }
        }
        family
    }

    /// The table that a partition or child is below of, at the very top.
    pub(crate) fn root(&self, name: &TableName) -> TableName {
        let pair = (
            name.schema.as_str().to_owned(),
            name.name.as_str().to_owned(),
        );
        let above = |table: &&Arc<Table>| {
            table.partitions.contains(&pair) || table.children.contains(&pair)
        };
        self.tables
            .iter()
            .find(above)
            .map_or_else(|| name.clone(), |parent| self.root(&parent.full_name()))
    }

    /// Whether there are versions of the application's schema.
    pub fn has_versions(&self) -> bool {
        self.versions
            .as_ref()
            .is_some_and(|versions| !versions.is_empty())
    }

    /// The tables below a table: its partitions and children, and theirs. What locks it mostly
    /// locks them too.
    pub fn below(&self, name: &TableName) -> Vec<TableName> {
        let Some(table) = self.table(name) else {
            return vec![];
        };
        let mut found = Vec::new();
        for (schema, child) in table.partitions.iter().chain(&table.children) {
            let child = TableName::new(schema.as_str(), child.as_str());
            found.push(child.clone());
            found.extend(self.below(&child));
        }
        found
    }

    /// The tables below a table that hold rows of their own, or the table itself.
    pub fn leaves(&self, name: &TableName) -> Vec<TableName> {
        let plain = |name: &TableName| {
            self.table(name)
                .is_some_and(|table| table.kind != TableKind::Partitioned)
        };
        let mut leaves: Vec<TableName> = std::iter::once(name.clone())
            .chain(self.below(name))
            .collect();
        leaves.retain(plain);
        leaves
    }

    /// Whether PostgreSQL refuses to update rows of a table, or of one below it.
    pub(crate) fn refuses_updates(&self, name: &TableName) -> bool {
        let refused = |name: &TableName| self.table(name).is_some_and(|table| table.update_refused);
        refused(name) || self.below(name).iter().any(refused)
    }

    /// The triggers and rules of others that an UPDATE of ours of `columns` would call, with
    /// nothing of a row's meaning changed by it.
    pub fn noticed_by(&self, name: &TableName, columns: &[&str]) -> Vec<String> {
        let heard = |in_replica: bool| in_replica || !self.may_silence;
        let tables = std::iter::once(name.clone()).chain(self.below(name));
        let mut found = Vec::new();
        for table in tables.filter_map(|name| self.table(&name)) {
            let of_ours = |trigger: &&Trigger| {
                trigger.columns.is_empty()
                    || trigger
                        .columns
                        .iter()
                        .any(|one| columns.contains(&one.as_str()))
            };
            let fires = |trigger: &&Trigger| {
                (trigger.on_update || trigger.of_statement[1]) && heard(trigger.in_replica)
            };
            found.extend(
                table
                    .triggers
                    .iter()
                    .filter(fires)
                    .filter(of_ours)
                    .map(|one| format!("trigger {}", one.name)),
            );
            let rules = table
                .rules
                .iter()
                .filter(|rule| rule.event[1] && heard(rule.in_replica));
            found.extend(rules.map(|rule| format!("rule {}", rule.name)));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether a function gives another value each time.
    pub fn is_volatile(&self, function: &str) -> bool {
        self.volatile_functions.contains(function)
    }

    /// Whether a function may read tables.
    pub fn may_read(&self, function: &str) -> bool {
        self.reading_functions.contains(function)
    }

    /// What is called where an operator or a type is named; a domain of a domain calls what that
    /// one does.
    pub(crate) fn called_by<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        let mut called = vec![name];
        let mut at = 0;
        while let Some(name) = called.get(at).copied() {
            at += 1;
            for more in self.callers.get(name).into_iter().flatten() {
                if !called.contains(&more.as_str()) {
                    called.push(more);
                }
            }
        }
        called.split_off(1)
    }

    /// Whether a function computes over many rows at once.
    pub fn is_aggregate(&self, function: &str) -> bool {
        self.aggregates.contains(function)
    }

    /// The indexes of partitions that are directly a part of one of their table, each with its
    /// partition.
    pub(crate) fn parts_of(&self, index: &TableName) -> impl Iterator<Item = (&Table, &Index)> {
        let whole = Some((
            index.schema.as_str().to_owned(),
            index.name.as_str().to_owned(),
        ));
        self.tables.iter().flat_map(move |table| {
            let own: Vec<&Index> = table
                .indexes
                .iter()
                .filter(|one| one.part_of == whole)
                .collect();
            own.into_iter().map(move |one| (table.as_ref(), one))
        })
    }

    /// Whether any relation, index or constraint-backed index of a schema has this name.
    pub fn relation_name_taken(&self, schema: &str, name: &str) -> bool {
        self.tables.iter().any(|table| {
            (table.schema == schema && table.name == name)
                || table
                    .indexes
                    .iter()
                    .any(|index| index.schema == schema && index.name == name)
        }) || self
            .other_relations
            .contains(&(schema.to_owned(), name.to_owned()))
    }

    /// Whether there is such a relation, function, type or schema, as far as the catalog lists
    /// them.
    pub(crate) fn has(&self, thing: &Thing) -> bool {
        if let Thing::Relation(name) = thing {
            return self.relation_name_taken(name.schema.as_str(), name.name.as_str());
        }
        if let Thing::Function(name) = thing {
            return self
                .functions
                .iter()
                .any(|known| known.name == name.as_str());
        }
        if let Thing::Type(name) = thing {
            return self.enums.iter().any(|known| known.name == name.as_str())
                || self.types.iter().any(|known| known.name == name.as_str());
        }
        matches!(thing, Thing::Schema(name) if self.schemas.contains(name.as_str()))
    }

    /// Foreign keys of other tables that point at one, with the tables they stand on.
    pub fn referencing(&self, name: &TableName) -> impl Iterator<Item = (&Table, &Constraint)> {
        self.tables.iter().flat_map(move |table| {
            table
                .constraints
                .iter()
                .filter(move |constraint| {
                    constraint.referenced().as_ref() == Some(name) && !table.is(name)
                })
                .map(move |constraint| (table.as_ref(), constraint))
        })
    }
}
