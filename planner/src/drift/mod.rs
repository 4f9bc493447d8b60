//! Two inventories compared, object by object; and the SQL that leads from one to the other.

mod alter;
mod drops;
mod fate;
mod hazard;
mod makes;
mod order;
mod rights;
mod schema;
mod script;

pub use schema::{Column, Facts, Grant, NOT_COMPARED, Node, Parent, Schema, Setting, Thing};
pub use script::statements;

use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

/// Everything that a database holds, in an order in which it can be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Inventory(pub Vec<Object>);

/// One thing in a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// `table`, `column`, `constraint`, `index`, and so on.
    pub kind: String,
    /// The table that it belongs to, as SQL; empty when it stands alone.
    pub table: String,
    /// Its name, as SQL.
    pub name: String,
    /// What it is: the statement that makes it, or the part of one.
    pub definition: String,
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.table.as_str(), self.name.as_str()) {
            ("", name) => write!(f, "{} {name}", self.kind),
            (table, "") => write!(f, "{} on {table}", self.kind),
            (table, name) if self.kind == "column" => write!(f, "column {table}.{name}"),
            (table, name) => write!(f, "{} {name} on {table}", self.kind),
        }
    }
}

/// A statement that leads to what is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// What it loses, or what may stop it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hazard: Option<String>,
    /// The statement, without a semicolon.
    pub sql: String,
}

impl Statement {
    fn plain(sql: String) -> Statement {
        Statement { hazard: None, sql }
    }
}

/// Statements that take nothing away.
fn plain(sql: Vec<String>) -> Vec<Statement> {
    sql.into_iter().map(Statement::plain).collect()
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(hazard) = &self.hazard {
            writeln!(f, "-- hazard: {hazard}")?;
        }
        write!(f, "{};", self.sql)
    }
}

/// One thing in which two inventories differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "difference", rename_all = "snake_case")]
pub enum Difference {
    /// It should be there and isn't.
    Missing {
        /// What should be.
        wanted: Object,
    },
    /// It is there and shouldn't be.
    Extra {
        /// What is.
        there: Object,
    },
    /// It is another than it should be.
    Changed {
        /// What is.
        there: Object,
        /// What should be.
        wanted: Object,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        match self {
            Difference::Missing { wanted } => write!(f, "missing: {wanted}"),
            Difference::Extra { there } => write!(f, "not in the history: {there}"),
            Difference::Changed { there, wanted } => {
                write!(
                    f,
                    "changed: {there}: is {}, should be {}",
                    short(&there.definition),
                    short(&wanted.definition)
                )
            }
        }
    }
}

/// What is different, in the order of what should be, then what shouldn't. What goes or comes with
/// its table isn't told by itself.
pub fn differences(there: &Inventory, wanted: &Inventory) -> Vec<Difference> {
    let (there_by_name, wanted_by_name) = (ByName::of(there), ByName::of(wanted));
    let mut found = Vec::new();
    for object in &wanted.0 {
        match there_by_name.find(object) {
            None if there_by_name.has_table(object) => found.push(Difference::Missing {
                wanted: object.clone(),
            }),
            Some(own) if own.definition != object.definition && !has_other_columns(own, object) => {
                found.push(Difference::Changed {
                    there: own.clone(),
                    wanted: object.clone(),
                });
            }
            _ => {}
        }
    }
    for object in &there.0 {
        if wanted_by_name.find(object).is_none() && wanted_by_name.has_table(object) {
            found.push(Difference::Extra {
                there: object.clone(),
            });
        }
    }
    found
}

/// Whether an order of columns differs only because there are other columns, which is told by
/// itself.
fn has_other_columns(there: &Object, wanted: &Object) -> bool {
    let names = |object: &Object| {
        object
            .definition
            .split(", ")
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
    };
    there.kind == "order of columns" && names(there) != names(wanted)
}

/// An inventory to look things up in.
struct ByName<'a> {
    objects: HashMap<(&'a str, &'a str, &'a str), &'a Object>,
    relations: HashSet<&'a str>,
}

impl<'a> ByName<'a> {
    fn of(list: &'a Inventory) -> ByName<'a> {
        // The first of a name counts.
        let objects = list.0.iter().rev().map(|one| {
            (
                (one.kind.as_str(), one.table.as_str(), one.name.as_str()),
                one,
            )
        });
        let relations = list
            .0
            .iter()
            .filter(|one| is_relation(one))
            .map(|one| one.name.as_str());
        ByName {
            objects: objects.collect(),
            relations: relations.collect(),
        }
    }

    fn find(&self, object: &Object) -> Option<&'a Object> {
        self.objects
            .get(&(
                object.kind.as_str(),
                object.table.as_str(),
                object.name.as_str(),
            ))
            .copied()
    }

    fn has_table(&self, object: &Object) -> bool {
        object.table.is_empty() || self.relations.contains(object.table.as_str())
    }
}

fn is_relation(object: &Object) -> bool {
    matches!(
        object.kind.as_str(),
        "table" | "view" | "materialized view" | "foreign table"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn object(kind: &str, table: &str, name: &str, definition: &str) -> Object {
        let [kind, table, name, definition] = [kind, table, name, definition].map(str::to_owned);
        Object {
            kind,
            table,
            name,
            definition,
        }
    }

    #[test]
    fn what_comes_with_a_table_is_not_told_by_itself() {
        let there = Inventory(vec![
            object("table", "", "a", ""),
            object("column", "a", "x", "integer"),
            object("table", "", "gone", ""),
            object("column", "gone", "x", "integer"),
        ]);
        let wanted = Inventory(vec![
            object("table", "", "a", ""),
            object("table", "", "b", ""),
            object("column", "a", "x", "bigint"),
            object("column", "b", "x", "integer"),
        ]);
        let told: Vec<String> = differences(&there, &wanted)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            told,
            [
                "missing: table b",
                "changed: column a.x: is integer, should be bigint",
                "not in the history: table gone"
            ]
        );
    }
}
