//! Things, and which of them are the same.

use concertina_revisions::{Ident, TableName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What is known of a column besides its name and its type.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// Its default, or the expression that it is computed by.
    Default,
    /// Whether it refuses NULL.
    Null,
    /// Whether its values come from a sequence of its own.
    Identity,
    /// How it is kept: storage, compression, statistics.
    Storage,
}

/// Something that can be read or written.
///
/// Functions and types are known by their bare names: a call is resolved among all functions of a
/// name in the whole search_path, and so is a type. What has the same bare name is taken for the
/// same thing, which can only add an edge.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Thing {
    /// Whatever there is.
    Anything,
    /// A name that tables, views, indexes, sequences and composite types share.
    Relation(TableName),
    /// A table with all that stands on it.
    Whole(TableName),
    /// A column by its name and type; without one, all of them.
    Column(TableName, Option<Ident>),
    /// An aspect of a column; without one, of all of them.
    Aspect(TableName, Option<Ident>, Aspect),
    /// The values of a column; without one, whole rows.
    Rows(TableName, Option<Ident>),
    /// Rows of tables that can't be told.
    AnyRows,
    /// What is demanded of a column's values by all constraints together; without one, of a row's.
    Demands(TableName, Option<Ident>),
    /// That these columns, in the order of their names, are unique.
    Key(TableName, Vec<Ident>),
    /// The indexes of a table, taken together.
    Indexes(TableName),
    /// The partitions and children of a table, taken together.
    Partitions(TableName),
    /// A constraint.
    Constraint(TableName, Ident),
    /// A trigger; without one, all of them.
    Trigger(TableName, Option<Ident>),
    /// A rule; without one, all of them.
    Rule(TableName, Option<Ident>),
    /// A policy, or whether policies are minded; without one, all of them.
    Policy(TableName, Option<Ident>),
    /// Storage parameters, replica identity and the like of a relation.
    Options(TableName),
    /// A type or a domain.
    Type(Ident),
    /// The functions, procedures and aggregates of a name.
    Function(Ident),
    /// A schema.
    Schema(Ident),
    /// An object of another kind, such as an extension, a role, a collation.
    Named(String, String),
    /// The rights on a thing; without a role, anyone's.
    Rights(Box<Thing>, Option<Ident>),
    /// Who owns a thing.
    Owner(Box<Thing>),
    /// What COMMENT ON says of a thing.
    Comment(Box<Thing>),
    /// The rights that new objects are born with.
    DefaultRights,
    /// A helper of ours, which no statement of an author can see.
    Helper(Ident),
}

/// No name, or the same.
fn meets(one: Option<&Ident>, other: Option<&Ident>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one == other,
        (None, _) | (_, None) => true,
    }
}

impl Thing {
    /// Whether it is, or belongs to, an object of that name; of what may be anything, always.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        match self {
            Thing::Anything => true,
            Thing::Relation(table)
            | Thing::Whole(table)
            | Thing::Indexes(table)
            | Thing::Partitions(table)
            | Thing::Options(table)
            | Thing::Column(table, _)
            | Thing::Aspect(table, ..)
            | Thing::Rows(table, _)
            | Thing::Demands(table, _)
            | Thing::Key(table, _)
            | Thing::Constraint(table, _)
            | Thing::Trigger(table, _)
            | Thing::Rule(table, _)
            | Thing::Policy(table, _) => table.name.as_str() == name,
            Thing::Type(own) | Thing::Function(own) | Thing::Schema(own) | Thing::Helper(own) => {
                own.as_str() == name
            }
            Thing::Named(_, own) => own.is_empty() || own == name,
            Thing::Rights(of, _) | Thing::Owner(of) | Thing::Comment(of) => of.is_called(name),
            Thing::AnyRows | Thing::DefaultRights => false,
        }
    }

    /// A column by its name and type.
    pub(crate) fn column(table: &TableName, column: &Ident) -> Thing {
        Thing::Column(table.clone(), Some(column.clone()))
    }

    /// An aspect of a column.
    pub(crate) fn aspect(table: &TableName, column: &Ident, aspect: Aspect) -> Thing {
        Thing::Aspect(table.clone(), Some(column.clone()), aspect)
    }

    /// A key over columns in any order.
    pub(crate) fn key(table: &TableName, columns: &[Ident]) -> Thing {
        let mut columns = columns.to_vec();
        columns.sort();
        Thing::Key(table.clone(), columns)
    }

    /// A constraint.
    pub(crate) fn constraint(table: &TableName, name: &Ident) -> Thing {
        Thing::Constraint(table.clone(), name.clone())
    }

    /// The name of a relation in a table's schema.
    pub(crate) fn beside(table: &TableName, name: &Ident) -> Thing {
        Thing::Relation(table.beside(name))
    }

    /// The same thing of another table: what partitions and children have of their parent, and it
    /// of them.
    pub(crate) fn in_family(&self, table: &TableName) -> Option<Thing> {
        let table = table.clone();
        match self {
            Thing::Column(_, name) => Some(Thing::Column(table, name.clone())),
            Thing::Aspect(_, name, aspect) => Some(Thing::Aspect(table, name.clone(), *aspect)),
            Thing::Rows(_, name) => Some(Thing::Rows(table, name.clone())),
            Thing::Demands(_, name) => Some(Thing::Demands(table, name.clone())),
            Thing::Key(_, columns) => Some(Thing::Key(table, columns.clone())),
            Thing::Indexes(_) => Some(Thing::Indexes(table)),
            Thing::Constraint(_, name) => Some(Thing::Constraint(table, name.clone())),
            Thing::Trigger(_, name) => Some(Thing::Trigger(table, name.clone())),
            Thing::Anything
            | Thing::Relation(_)
            | Thing::Whole(_)
            | Thing::AnyRows
            | Thing::Partitions(_)
            | Thing::Rule(..)
            | Thing::Policy(..)
            | Thing::Options(_)
            | Thing::Type(_)
            | Thing::Function(_)
            | Thing::Schema(_)
            | Thing::Named(..)
            | Thing::Rights(..)
            | Thing::Owner(_)
            | Thing::Comment(_)
            | Thing::DefaultRights
            | Thing::Helper(_) => None,
        }
    }

    /// Whether several may add to it, and take from it, in any order.
    pub(super) fn is_set(&self) -> bool {
        matches!(
            self,
            Thing::Demands(..) | Thing::Key(..) | Thing::Indexes(_) | Thing::Partitions(_)
        )
    }

    /// Whether it is a helper of ours.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self, Thing::Helper(_))
    }

    /// The table that it belongs to; of a relation, its own name.
    pub(crate) fn table(&self) -> Option<&TableName> {
        match self {
            Thing::Relation(table)
            | Thing::Whole(table)
            | Thing::Column(table, _)
            | Thing::Aspect(table, ..)
            | Thing::Rows(table, _)
            | Thing::Demands(table, _)
            | Thing::Key(table, _)
            | Thing::Indexes(table)
            | Thing::Partitions(table)
            | Thing::Constraint(table, _)
            | Thing::Trigger(table, _)
            | Thing::Rule(table, _)
            | Thing::Policy(table, _)
            | Thing::Options(table) => Some(table),
            Thing::Rights(of, _) | Thing::Owner(of) | Thing::Comment(of) => of.table(),
            Thing::Anything
            | Thing::AnyRows
            | Thing::Type(_)
            | Thing::Function(_)
            | Thing::Schema(_)
            | Thing::Named(..)
            | Thing::DefaultRights
            | Thing::Helper(_) => None,
        }
    }

    /// Whether both are, or may be, the same thing.
    pub(crate) fn overlaps(&self, other: &Thing) -> bool {
        match (self, other) {
            (Thing::Helper(one), Thing::Helper(other)) => one == other,
            (Thing::Helper(_), _) | (_, Thing::Helper(_)) => false,
            (Thing::Anything, _)
            | (_, Thing::Anything)
            | (Thing::AnyRows, Thing::Rows(..) | Thing::AnyRows)
            | (Thing::Rows(..), Thing::AnyRows) => true,
            (Thing::Whole(table), other) | (other, Thing::Whole(table)) => {
                other.table() == Some(table)
            }
            (Thing::Column(one, a), Thing::Column(other, b))
            | (Thing::Rows(one, a), Thing::Rows(other, b))
            | (Thing::Demands(one, a), Thing::Demands(other, b))
            | (Thing::Trigger(one, a), Thing::Trigger(other, b))
            | (Thing::Rule(one, a), Thing::Rule(other, b))
            | (Thing::Policy(one, a), Thing::Policy(other, b)) => {
                one == other && meets(a.as_ref(), b.as_ref())
            }
            (Thing::Aspect(one, a, what), Thing::Aspect(other, b, same)) => {
                what == same && one == other && meets(a.as_ref(), b.as_ref())
            }
            (Thing::Rights(one, a), Thing::Rights(other, b)) => {
                one == other && meets(a.as_ref(), b.as_ref())
            }
            (one, other) => one == other,
        }
    }

    /// A bit for what it belongs to; all bits for what may be anything.
    pub(super) fn mask(&self) -> u64 {
        let bit = |name: &dyn Fn(&mut DefaultHasher)| {
            let mut hasher = DefaultHasher::new();
            name(&mut hasher);
            1 << (hasher.finish() % 64)
        };
        match self {
            Thing::Anything | Thing::AnyRows => u64::MAX,
            Thing::Rights(of, _) | Thing::Owner(of) | Thing::Comment(of) => of.mask(),
            Thing::Type(_)
            | Thing::Function(_)
            | Thing::Schema(_)
            | Thing::Named(..)
            | Thing::DefaultRights
            | Thing::Helper(_) => bit(&|hasher| self.hash(hasher)),
            Thing::Relation(table)
            | Thing::Whole(table)
            | Thing::Column(table, _)
            | Thing::Aspect(table, ..)
            | Thing::Rows(table, _)
            | Thing::Demands(table, _)
            | Thing::Key(table, _)
            | Thing::Indexes(table)
            | Thing::Partitions(table)
            | Thing::Constraint(table, _)
            | Thing::Trigger(table, _)
            | Thing::Rule(table, _)
            | Thing::Policy(table, _)
            | Thing::Options(table) => bit(&|hasher| table.hash(hasher)),
        }
    }
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let part = |f: &mut std::fmt::Formatter<'_>,
                    what: &str,
                    table: &TableName,
                    name: Option<&Ident>| match name {
            Some(name) => write!(f, "{what} {} of {}", name.as_str(), table.shown()),
            None => write!(f, "the {what}s of {}", table.shown()),
        };
        match self {
            Thing::Anything => f.write_str("what can't be known"),
            Thing::Relation(name) | Thing::Whole(name) => f.write_str(&name.shown()),
            Thing::Column(table, name) => part(f, "column", table, name.as_ref()),
            Thing::Aspect(table, name, aspect) => {
                let what = match aspect {
                    Aspect::Default => "default",
                    Aspect::Null => "NOT NULL",
                    Aspect::Identity => "identity",
                    Aspect::Storage => "storage",
                };
                f.write_str(what)?;
                f.write_str(" of ")?;
                part(f, "column", table, name.as_ref())
            }
            Thing::Rows(table, _) => write!(f, "the rows of {}", table.shown()),
            Thing::AnyRows => f.write_str("rows of other tables"),
            Thing::Demands(table, _) => write!(f, "the constraints of {}", table.shown()),
            Thing::Key(table, _) => write!(f, "the keys of {}", table.shown()),
            Thing::Indexes(table) => write!(f, "the indexes of {}", table.shown()),
            Thing::Partitions(table) => write!(f, "the partitions of {}", table.shown()),
            Thing::Constraint(table, name) => part(f, "constraint", table, Some(name)),
            Thing::Trigger(table, name) => part(f, "trigger", table, name.as_ref()),
            Thing::Rule(table, name) => part(f, "rule", table, name.as_ref()),
            Thing::Policy(table, Some(name)) => part(f, "policy", table, Some(name)),
            Thing::Policy(table, None) => write!(f, "the policies of {}", table.shown()),
            Thing::Options(table) => write!(f, "the settings of {}", table.shown()),
            Thing::Type(name) => write!(f, "type {}", name.as_str()),
            Thing::Function(name) => write!(f, "function {}", name.as_str()),
            Thing::Schema(name) => write!(f, "schema {}", name.as_str()),
            Thing::Named(kind, name) => write!(f, "{kind} {name}"),
            Thing::Rights(of, _) => write!(f, "the rights on {of}"),
            Thing::Owner(of) => write!(f, "the owner of {of}"),
            Thing::Comment(of) => write!(f, "the comment on {of}"),
            Thing::DefaultRights => f.write_str("the default privileges"),
            Thing::Helper(name) => f.write_str(name.as_str()),
        }
    }
}
