//! The order of changes: what is dropped before what it needs, what is made after; else by rank.

use super::Statement;
use super::schema::Node;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// A change, with what it is about.
#[derive(Debug, Default)]
pub(super) struct Op {
    pub(super) sql: Vec<Statement>,
    pub(super) rank: (u8, usize),
    /// What is gone with it.
    pub(super) drops: Vec<Node>,
    /// What is another after it, by the numbers of what is there.
    pub(super) alters: Vec<Node>,
    /// What is there, or as it should be, after it.
    pub(super) makes: Vec<Node>,
    /// What it needs of what is there.
    pub(super) needs_there: BTreeSet<Node>,
    /// What it needs of what is wanted.
    pub(super) needs_wanted: BTreeSet<Node>,
}

impl Op {
    pub(super) fn of(rank: u8, at: usize) -> Op {
        Op {
            rank: (rank, at),
            ..Op::default()
        }
    }
}

/// Which changes are about an object, or about one of its columns.
type About = BTreeMap<Node, Vec<usize>>;

fn about(ops: &[Op], of: impl Fn(&Op) -> &Vec<Node>) -> About {
    let mut map = About::new();
    for (at, op) in ops.iter().enumerate() {
        of(op)
            .iter()
            .for_each(|node| map.entry(*node).or_default().push(at));
    }
    map
}

/// The changes that are about a node: a column needs its table as well.
fn found(map: &About, node: Node) -> Vec<usize> {
    let own = map.get(&node).into_iter().flatten();
    let whole = map
        .get(&(node.0, node.1, 0))
        .filter(|_| node.2 != 0)
        .into_iter()
        .flatten();
    own.chain(whole).copied().collect()
}

pub(super) fn in_order(ops: Vec<Op>) -> Vec<Op> {
    let drops = about(&ops, |op| &op.drops);
    let alters = about(&ops, |op| &op.alters);
    let makes = about(&ops, |op| &op.makes);
    let mut before: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); ops.len()];
    for (at, op) in ops.iter().enumerate() {
        for node in &op.needs_there {
            // Whoever drops what this needs waits for this.
            found(&drops, *node)
                .into_iter()
                .filter(|other| *other != at)
                .for_each(|other| {
                    before[other].insert(at);
                });
            if !op.drops.is_empty() {
                found(&alters, *node)
                    .into_iter()
                    .filter(|other| *other != at)
                    .for_each(|other| {
                        before[other].insert(at);
                    });
            }
        }
        for node in &op.needs_wanted {
            before[at].extend(
                found(&makes, *node)
                    .into_iter()
                    .filter(|other| *other != at),
            );
        }
    }
    sorted(ops, &before)
}

/// Where changes need each other in a circle, their ranks decide.
fn sorted(ops: Vec<Op>, before: &[BTreeSet<usize>]) -> Vec<Op> {
    let (mut open, mut behind) = (vec![0usize; ops.len()], vec![Vec::new(); ops.len()]);
    for (at, first) in before.iter().enumerate() {
        open[at] = first.len();
        first.iter().for_each(|other| behind[*other].push(at));
    }
    let mut left: BTreeSet<((u8, usize), usize)> = ops
        .iter()
        .enumerate()
        .map(|(at, op)| (op.rank, at))
        .collect();
    let free = ops.iter().enumerate().filter(|(at, _)| open[*at] == 0);
    let mut free: BinaryHeap<Reverse<((u8, usize), usize)>> =
        free.map(|(at, op)| Reverse((op.rank, at))).collect();
    let mut order = Vec::with_capacity(ops.len());
    while let Some(first) = left.first().copied() {
        let next = free.pop().map_or(first, |Reverse(next)| next);
        if !left.remove(&next) {
            continue;
        }
        order.push(next.1);
        for later in &behind[next.1] {
            open[*later] = open[*later].saturating_sub(1);
            let one = (ops[*later].rank, *later);
            if open[*later] == 0 && left.contains(&one) {
                free.push(Reverse(one));
            }
        }
    }
    let mut slots: Vec<Option<Op>> = ops.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|at| slots[at].take())
        .collect()
}
