//! What is wanted and not there: made alone, or with the table or the column that it belongs to.

use super::fate::Pair;
use super::order::Op;
use super::schema::{Column, Facts, Thing};
use super::script::{needs_of, nodes};
use super::{Statement, hazard, rights};
use std::collections::{HashMap, HashSet};

const MAKES: u8 = 2;
/// A routine's body may name anything.
const MAKES_ROUTINES: u8 = 3;
const MAKES_REST: u8 = 4;

/// What is new, to look things up in.
struct New<'a> {
    things: &'a [Thing],
    by_table: HashMap<&'a str, Vec<&'a Thing>>,
    relations: HashMap<&'a str, &'a Thing>,
    /// Relations that are made.
    tables: HashSet<&'a str>,
    /// Columns that are added to tables that are there.
    columns: HashSet<(&'a str, i32)>,
    constraints: HashSet<(&'a str, &'a str)>,
}

/// The changes that make what is missing.
pub(super) fn all(pair: &Pair<'_>) -> Vec<Op> {
    let kept = pair
        .counterparts
        .iter()
        .enumerate()
        .filter(|(at, _)| !pair.fates[*at].is_gone());
    let kept: HashSet<usize> = kept.filter_map(|(_, other)| *other).collect();
    let things = &pair.wanted.things;
    let missing: Vec<usize> = (0..things.len()).filter(|at| !kept.contains(at)).collect();
    let new = New::of(things, &missing);
    missing
        .into_iter()
        .filter_map(|at| new.op(pair, at))
        .collect()
}

impl<'a> New<'a> {
    fn of(things: &'a [Thing], missing: &[usize]) -> New<'a> {
        let mut by_table: HashMap<&str, Vec<&Thing>> = HashMap::new();
        for thing in things {
            by_table.entry(&thing.object.table).or_default().push(thing);
        }
        let relations = things.iter().filter(|thing| thing.is_relation());
        let relations = relations
            .map(|thing| (thing.object.name.as_str(), thing))
            .collect();
        let missing: Vec<&Thing> = missing.iter().map(|at| &things[*at]).collect();
        let tables: HashSet<&str> = missing
            .iter()
            .filter(|thing| thing.is_relation())
            .map(|thing| thing.object.name.as_str())
            .collect();
        let of_kind = |kind: &'static str| {
            let outside = missing
                .iter()
                .filter(|thing| !tables.contains(thing.object.table.as_str()));
            outside
                .filter(move |thing| thing.kind() == kind)
                .map(|thing| (thing.object.table.as_str(), *thing))
        };
        let columns = of_kind("column")
            .map(|(table, thing)| (table, thing.node.2))
            .collect();
        let constraints = of_kind("constraint")
            .map(|(table, thing)| (table, thing.object.name.as_str()))
            .collect();
        New {
            things,
            by_table,
            relations,
            tables,
            columns,
            constraints,
        }
    }

    /// What makes a part, unless another's statement does.
    fn op(&self, pair: &Pair<'_>, at: usize) -> Option<Op> {
        let thing = &self.things[at];
        let table = thing.object.table.as_str();
        let in_table = self.tables.contains(table);
        let with_column = thing
            .column()
            .is_some_and(|column| self.columns.contains(&(table, column)));
        let is_said = if in_table {
            is_inside(thing)
        } else {
            with_column && matches!(thing.kind(), "default" | "identity")
                || self.is_inherited(thing)
        };
        if is_said {
            return None;
        }
        let mut op = Op {
            sql: self.make(thing, in_table),
            makes: nodes(thing),
            ..Op::of(rank(thing), at)
        };
        let inside: Vec<&Thing> = match thing.kind() {
            "table" => self
                .on(&thing.object.name)
                .filter(|part| is_inside(part))
                .collect(),
            "column" => self
                .on(table)
                .filter(|part| {
                    matches!(part.kind(), "default" | "identity")
                        && part.column() == Some(thing.node.2)
                })
                .collect(),
            _ => vec![],
        };
        op.makes.extend(inside.iter().map(|part| part.node));
        for part in inside.into_iter().chain([thing]) {
            op.needs_wanted.extend(needs_of(pair.wanted, part.node));
        }
        if !thing.is_main() {
            op.needs_wanted.insert(thing.node);
        }
        if let Some(column) = thing.column().filter(|_| thing.kind() != "column") {
            op.needs_wanted.extend(
                self.relations
                    .get(table)
                    .map(|on| (on.node.0, on.node.1, column)),
            );
        }
        op.needs_wanted.retain(|node| !op.makes.contains(node));
        Some(op)
    }

    fn on(&self, table: &str) -> impl Iterator<Item = &'a Thing> {
        self.by_table.get(table).into_iter().flatten().copied()
    }

    /// Whether it comes from the parent of its table.
    fn is_inherited(&self, thing: &Thing) -> bool {
        match &thing.facts {
            Facts::Column(column) => column.inherited,
            Facts::Constraint {
                parent: Some((false, ..)),
                ..
            } => true,
            Facts::Constraint {
                local: false, form, ..
            } => {
                let key = (thing.object.table.as_str(), thing.object.name.as_str());
                matches!(form.as_str(), "c" | "n") && self.constraints.contains(&key)
            }
            _ => false,
        }
    }

    /// What makes a part, alone or in a table that is made.
    fn make(&self, thing: &Thing, in_table: bool) -> Vec<Statement> {
        let (table, name) = (&thing.object.table, &thing.object.name);
        match &thing.facts {
            Facts::Column(column) if !in_table => {
                let identity = self
                    .on(table)
                    .find(|one| one.kind() == "identity" && one.object.name == *name);
                return vec![Statement::plain(add_column(table, name, column, identity))];
            }
            Facts::Constraint {
                form, definition, ..
            } if thing.sql.is_empty() && !in_table && form != "n" => {
                return vec![Statement::plain(format!(
                    "ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"
                ))];
            }
            Facts::Rights { .. } if !in_table => return rights::rights(None, Some(thing)),
            Facts::DefaultPrivileges { .. } => {
                return rights::default_privileges(None, Some(thing));
            }
            Facts::Settings { base, settings } if base.is_empty() => {
                return settings
                    .iter()
                    .map(|setting| Statement::plain(setting.set.clone()))
                    .collect();
            }
            _ => {}
        }
        // What is made and not told is for a whole copy.
        let is_for_copies =
            thing.object.definition.is_empty() && !matches!(thing.kind(), "NOT NULL");
        if thing.sql.is_empty() || thing.kind() == "position of sequence" || is_for_copies {
            return vec![];
        }
        let hazard = if in_table {
            None
        } else {
            hazard::of_making(thing)
        };
        vec![Statement {
            hazard,
            sql: thing.sql.clone(),
        }]
    }
}

/// A column of a table that is there, with its default and its numbers.
fn add_column(table: &str, name: &str, column: &Column, identity: Option<&Thing>) -> String {
    let mut parts = vec![format!(
        "ALTER TABLE {table} ADD COLUMN {name} {}",
        column.r#type
    )];
    parts.extend(
        column
            .generated
            .iter()
            .map(|generated| format!("GENERATED ALWAYS AS {generated}")),
    );
    parts.extend(
        column
            .default
            .iter()
            .map(|default| format!("DEFAULT {default}")),
    );
    if column.not_null {
        parts.extend(
            column
                .not_null_name
                .iter()
                .map(|own| format!("CONSTRAINT {own}")),
        );
        parts.push("NOT NULL".to_owned());
    }
    if let Some(Facts::Identity {
        mode,
        sequence,
        options,
        ..
    }) = identity.map(|thing| &thing.facts)
    {
        let options = options.join(" ");
        parts.push(format!(
            "GENERATED {mode} AS IDENTITY (SEQUENCE NAME {sequence} {options})"
        ));
    }
    parts.join(" ")
}

fn rank(thing: &Thing) -> u8 {
    match thing.kind() {
        "function" | "procedure" | "aggregate" => MAKES_ROUTINES,
        "rule" | "trigger" | "policy" | "publication" | "rights" | "comment" | "event trigger"
        | "default privileges" | "owner" => MAKES_REST,
        _ => MAKES,
    }
}

/// Whether the statement of its table makes it.
fn is_inside(thing: &Thing) -> bool {
    matches!(thing.kind(), "column" | "order of columns")
        || matches!(&thing.facts, Facts::Constraint { .. } if thing.sql.is_empty())
}
