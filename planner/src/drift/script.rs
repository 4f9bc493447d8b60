//! The statements that lead from one structure to another, in an order that follows from which object needs which.

use super::alter;
use super::fate::{self, Fate, Pair};
use super::order::{Op, in_order};
use super::schema::{Facts, Node, Schema, Thing};
use super::{Statement, hazard};
use std::collections::{BTreeSet, HashMap, HashSet};

/// What comes first where nothing needs the other.
const DROPS: u8 = 0;
const ALTERS: u8 = 1;
const MAKES: u8 = 2;
/// A routine's body may name anything.
const MAKES_ROUTINES: u8 = 3;
const MAKES_REST: u8 = 4;

/// What leads from `there` to `wanted`.
pub fn statements(there: &Schema, wanted: &Schema) -> Vec<Statement> {
    let pair = Pair::of(there, wanted);
    let mut ops = drops_and_changes(&pair);
    ops.extend(makes(&pair));
    in_order(ops).into_iter().flat_map(|op| op.sql).collect()
}

fn needs_of(schema: &Schema, node: Node) -> BTreeSet<Node> {
    schema.needs.get(&node).cloned().unwrap_or_default()
}

fn drops_and_changes(pair: &Pair<'_>) -> Vec<Op> {
    let mut ops: Vec<Op> = Vec::new();
    let mut of: HashMap<usize, usize> = HashMap::new();
    for (at, fate) in pair.fates.iter().enumerate().rev() {
        let thing = &pair.there.things[at];
        let mut op = match fate {
            Fate::Stays | Fate::Goes(_) => continue,
            Fate::Dropped => Op { sql: fate::drop(thing), drops: nodes(thing), ..Op::of(DROPS, ops.len()) },
            Fate::Altered(sql) => Op { sql: sql.clone(), alters: nodes(thing), ..Op::of(ALTERS, at) },
            Fate::Replaced(columns) => Op {
                sql: replace(pair, thing, columns),
                alters: columns.iter().map(|column| pair.there.things[*column].node).chain([thing.node]).collect(),
                drops: nodes(thing),
                makes: pair.becomes(at).map(|wanted| wanted.node).into_iter().collect(),
                ..Op::of(ALTERS, at)
            },
        };
        op.needs_there.extend(needs_of(pair.there, thing.node));
        if let Facts::Partition { parent } = &thing.facts {
            let parent = pair.there.things.iter().find(|one| one.kind() == "table" && one.object.name == *parent);
            op.needs_there.extend(parent.map(|parent| parent.node));
        }
        if !thing.is_main() {
            op.needs_there.insert(thing.node);
        }
        if let Some(wanted) = pair.becomes(at).filter(|_| !fate.is_gone()) {
            op.makes.extend(nodes(wanted));
            op.needs_wanted.extend(needs_of(pair.wanted, wanted.node));
            op.needs_wanted.insert(wanted.node);
        }
        of.insert(at, ops.len());
        ops.push(op);
    }
    for (at, fate) in pair.fates.iter().enumerate() {
        if let Fate::Goes(head) = fate
            && let Some(op) = of.get(head)
        {
            let thing = &pair.there.things[at];
            ops[*op].drops.extend(nodes(thing));
            ops[*op].needs_there.extend(needs_of(pair.there, thing.node));
        }
    }
    ops
}

/// The object that a part is, if it is one.
fn nodes(thing: &Thing) -> Vec<Node> {
    if thing.is_main() { vec![thing.node] } else { vec![] }
}

/// Another type under the name of one, with the columns that have it.
fn replace(pair: &Pair<'_>, thing: &Thing, columns: &[usize]) -> Vec<Statement> {
    let Some(wanted) = pair.wanted.things.iter().find(|one| one.key() == thing.key()) else { return vec![] };
    let name = &thing.object.name;
    let word = if thing.kind() == "domain" { "DOMAIN" } else { "TYPE" };
    let schema = name.split_once('.').map_or("", |(schema, _)| schema);
    let aside = format!("concertina_was_{}", thing.node.1);
    let mut sql = vec![
        Statement::plain(format!("ALTER {word} {name} RENAME TO {aside}")),
        Statement::plain(wanted.sql.clone()),
    ];
    for column in columns {
        let (old, Some(new)) = (&pair.there.things[*column], pair.becomes(*column)) else { continue };
        if let (Facts::Column(was), Facts::Column(is)) = (&old.facts, &new.facts)
            && !is.inherited
        {
            sql.extend(alter::retype(new, was, is, true));
        }
    }
    sql.push(Statement::plain(format!("DROP {word} {schema}.{aside}")));
    sql
}

fn makes(pair: &Pair<'_>) -> Vec<Op> {
    let kept: HashSet<usize> = pair
        .counterparts
        .iter()
        .enumerate()
        .filter(|(at, _)| !pair.fates[*at].is_gone())
        .filter_map(|(_, other)| *other)
        .collect();
    let things = &pair.wanted.things;
    let is_new = |at: usize| !kept.contains(&at);
    let tables: HashSet<&str> = things
        .iter()
        .enumerate()
        .filter(|(at, thing)| is_new(*at) && thing.is_relation())
        .map(|(_, thing)| thing.object.name.as_str())
        .collect();
    let columns: HashSet<(&str, i32)> = things
        .iter()
        .enumerate()
        .filter(|(at, thing)| is_new(*at) && thing.kind() == "column" && !tables.contains(thing.object.table.as_str()))
        .map(|(_, thing)| (thing.object.table.as_str(), thing.node.2))
        .collect();
    let parents: HashSet<(&str, &str)> = things
        .iter()
        .enumerate()
        .filter(|(at, thing)| is_new(*at) && thing.kind() == "constraint")
        .map(|(_, thing)| (thing.object.table.as_str(), thing.object.name.as_str()))
        .collect();
    let mut ops: Vec<Op> = Vec::new();
    for (at, thing) in things.iter().enumerate().filter(|(at, _)| is_new(*at)) {
        let in_table = tables.contains(thing.object.table.as_str());
        let with_column = thing.column().is_some_and(|column| columns.contains(&(thing.object.table.as_str(), column)));
        if with_column && matches!(thing.kind(), "default" | "identity") || !in_table && is_inherited(thing, &parents) {
            continue;
        }
        let mut op = Op { sql: make(pair, thing, in_table), ..Op::of(rank(thing), at) };
        op.makes = nodes(thing);
        op.needs_wanted = needs_of(pair.wanted, thing.node);
        if thing.kind() == "table" {
            // Its columns and checks are made with it.
            let inside = things.iter().filter(|one| one.object.table == thing.object.name && is_inside(one));
            for part in inside {
                op.makes.push(part.node);
                op.needs_wanted.extend(needs_of(pair.wanted, part.node));
            }
        } else if in_table && is_inside(thing) {
            continue;
        }
        if thing.kind() == "column" {
            let own = things.iter().filter(|one| {
                matches!(one.kind(), "default" | "identity")
                    && one.object.table == thing.object.table
                    && one.column() == Some(thing.node.2)
            });
            for part in own {
                op.makes.push(part.node);
                op.needs_wanted.extend(needs_of(pair.wanted, part.node));
            }
        }
        if !thing.is_main() {
            op.needs_wanted.insert(thing.node);
        }
        if let Some(column) = thing.column().filter(|_| thing.kind() != "column") {
            let table = things.iter().find(|one| one.is_relation() && one.object.name == thing.object.table);
            op.needs_wanted.extend(table.map(|table| (table.node.0, table.node.1, column)));
        }
        let own: Vec<Node> = op.makes.clone();
        op.needs_wanted.retain(|node| !own.contains(node));
        ops.push(op);
    }
    ops
}

fn rank(thing: &Thing) -> u8 {
    match thing.kind() {
        "function" | "procedure" | "aggregate" => MAKES_ROUTINES,
        "rule" | "trigger" | "policy" | "publication" | "rights" | "comment" | "event trigger" | "default privileges" | "owner" => {
            MAKES_REST
        }
        _ => MAKES,
    }
}

/// Whether the statement of its table makes it.
fn is_inside(thing: &Thing) -> bool {
    matches!(thing.kind(), "column" | "order of columns")
        || matches!(&thing.facts, Facts::Constraint { .. } if thing.sql.is_empty())
}

/// Whether it comes from the parent of its table.
fn is_inherited(thing: &Thing, new: &HashSet<(&str, &str)>) -> bool {
    match &thing.facts {
        Facts::Column(column) => column.inherited,
        Facts::Constraint { parent: Some((false, ..)), .. } => true,
        Facts::Constraint { local, form, .. } => !local && matches!(form.as_str(), "c" | "n") && new.contains(&(thing.object.table.as_str(), thing.object.name.as_str())),
        _ => false,
    }
}

/// What makes a part, alone or in a table that is made.
fn make(pair: &Pair<'_>, thing: &Thing, in_table: bool) -> Vec<Statement> {
    let (table, name) = (&thing.object.table, &thing.object.name);
    match &thing.facts {
        Facts::Column(column) if !in_table => {
            let identity = pair.wanted.things.iter().find(|one| {
                one.kind() == "identity" && one.object.table == *table && one.object.name == *name
            });
            let mut sql = format!("ALTER TABLE {table} ADD COLUMN {name} {}", column.r#type);
            if let Some(generated) = &column.generated {
                sql += &format!(" GENERATED ALWAYS AS {generated}");
            }
            if let Some(default) = &column.default {
                sql += &format!(" DEFAULT {default}");
            }
            if column.not_null {
                sql += &column.not_null_name.as_ref().map_or(" NOT NULL".to_owned(), |own| format!(" CONSTRAINT {own} NOT NULL"));
            }
            // What the identity's own statement says behind its ADD.
            if let Some((_, how)) = identity.and_then(|identity| identity.sql.split_once(" ADD GENERATED ")) {
                sql += &format!(" GENERATED {how}");
            }
            return vec![Statement::plain(sql)];
        }
        Facts::Constraint { form, definition, .. } if thing.sql.is_empty() && !in_table && form != "n" => {
            return vec![Statement::plain(format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"))];
        }
        Facts::Rights { .. } if !in_table => return alter::rights(None, Some(thing)),
        Facts::DefaultPrivileges { .. } => return alter::default_privileges(None, Some(thing)),
        Facts::Settings { base, settings } if base.is_empty() && !matches!(thing.kind(), "table") => {
            return settings.iter().map(|setting| Statement::plain(setting.set.clone())).collect();
        }
        _ => {}
    }
    if thing.sql.is_empty() || thing.kind() == "position of sequence" || thing.kind() == "schema" && thing.object.name.is_empty() {
        return vec![];
    }
    if thing.kind() == "rights" && thing.object.definition.is_empty() {
        return vec![];
    }
    let hazard = if in_table { None } else { hazard::of_making(thing) };
    vec![Statement { hazard, sql: thing.sql.clone() }]
}
