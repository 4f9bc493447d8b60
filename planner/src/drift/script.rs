//! The statements that lead from one structure to another, in an order that follows from which
//! object needs which.

use super::alter;
use super::fate::{Fate, Pair};
use super::order::{Op, in_order};
use super::schema::{Facts, Node, Schema, Thing};
use super::{Statement, drops, makes};
use std::collections::{BTreeSet, HashMap};

/// What comes first where nothing needs the other.
const DROPS: u8 = 0;
const ALTERS: u8 = 1;

/// What leads from `there` to `wanted`.
pub fn statements(there: &Schema, wanted: &Schema) -> Vec<Statement> {
    let pair = Pair::of(there, wanted);
    let mut ops = drops_and_changes(&pair);
    ops.extend(makes::all(&pair));
    in_order(ops).into_iter().flat_map(|op| op.sql).collect()
}

pub(super) fn needs_of(schema: &Schema, node: Node) -> BTreeSet<Node> {
    schema.needs.get(&node).cloned().unwrap_or_default()
}

fn drops_and_changes(pair: &Pair<'_>) -> Vec<Op> {
    let mut ops: Vec<Op> = Vec::new();
    let mut of: HashMap<usize, usize> = HashMap::new();
    for (at, fate) in pair.fates.iter().enumerate().rev() {
        let thing = &pair.there.things[at];
        let mut op = match fate {
            Fate::Stays | Fate::Goes(_) => continue,
            Fate::Dropped => Op {
                sql: drops::drop(thing),
                drops: nodes(thing),
                ..Op::of(DROPS, ops.len())
            },
            Fate::Altered(sql) => Op {
                sql: sql.clone(),
                alters: nodes(thing),
                ..Op::of(ALTERS, at)
            },
            Fate::Replaced(columns) => Op {
                sql: replace(pair, at, columns),
                alters: columns
                    .iter()
                    .map(|column| pair.there.things[*column].node)
                    .chain([thing.node])
                    .collect(),
                drops: nodes(thing),
                makes: pair
                    .becomes(at)
                    .map(|wanted| wanted.node)
                    .into_iter()
                    .collect(),
                ..Op::of(ALTERS, at)
            },
        };
        op.needs_there.extend(needs_of(pair.there, thing.node));
        if let Facts::Partition { parent } = &thing.facts {
            op.needs_there.extend(
                pair.find("table", "", parent)
                    .map(|parent| pair.there.things[parent].node),
            );
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
            ops[*op]
                .needs_there
                .extend(needs_of(pair.there, thing.node));
        }
    }
    ops
}

/// The object that a part is, if it is one.
pub(super) fn nodes(thing: &Thing) -> Vec<Node> {
    if thing.is_main() {
        vec![thing.node]
    } else {
        vec![]
    }
}

/// Another type under the name of one, with the columns that have it.
fn replace(pair: &Pair<'_>, at: usize, columns: &[usize]) -> Vec<Statement> {
    let (thing, Some(wanted)) = (&pair.there.things[at], pair.becomes(at)) else {
        return vec![];
    };
    let name = &thing.object.name;
    let word = if thing.kind() == "domain" {
        "DOMAIN"
    } else {
        "TYPE"
    };
    let schema = name.split_once('.').map_or("", |(schema, _)| schema);
    let aside = format!("concertina_was_{}", thing.node.1);
    let mut sql = vec![
        Statement::plain(format!("ALTER {word} {name} RENAME TO {aside}")),
        Statement::plain(wanted.sql.clone()),
    ];
    for column in columns {
        let (old, Some(new)) = (&pair.there.things[*column], pair.becomes(*column)) else {
            continue;
        };
        if let (Facts::Column(was), Facts::Column(is)) = (&old.facts, &new.facts)
            && !is.inherited
        {
            sql.extend(alter::retype(new, was, is, true));
        }
    }
    sql.push(Statement::plain(format!("DROP {word} {schema}.{aside}")));
    sql
}
