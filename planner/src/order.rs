//! In which order the parts of a plan are done: by dependence, and by rank only where nothing
//! depends.
//!
//! Each part has a footprint. Where the parts of an earlier and of a later statement conflict, the
//! later one comes after, and in no earlier phase. What is dropped and made again under the same
//! name is done in one transaction with all that has to lie between.

use crate::decision::Decided;
use crate::decision::{Decision, Part, Rank};
use crate::footprint::{How, Thing};
use crate::plan::{Phase, Work};
use crate::problem::hazard;
use std::collections::{BTreeSet, HashMap};

/// A part and where it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) part: Part,
    /// Its decision's place among all.
    pub(crate) decision: usize,
    /// Parts that come before it, by their places.
    before: Vec<usize>,
    mask: u64,
}

/// All parts of a revision with what has to come before each; statements' parts in the order in
/// which each does its own.
#[derive(Debug, Default)]
pub(crate) struct Order {
    pub(crate) nodes: Vec<Node>,
}

impl Order {
    /// Finds what depends on what, and moves parts to the phase of what they depend on.
    pub(crate) fn of(decisions: &mut [Decided]) -> Order {
        let mut order = Order::default();
        for (at, decided) in decisions.iter_mut().enumerate() {
            order.add(&mut decided.decision, at);
        }
        order.explain(decisions);
        for node in &order.nodes {
            decisions[node.decision]
                .decision
                .parts
                .push(node.part.clone());
        }
        order
    }

    /// Takes over the parts of one more decision, the last of all.
    pub(crate) fn add(&mut self, decision: &mut Decision, at: usize) {
        let mut parts = std::mem::take(&mut decision.parts);
        parts.sort_by_key(|part| (part.phase, part.rank));
        let first = self.nodes.len();
        for part in parts {
            self.push(part, at, first);
        }
    }

    fn push(&mut self, part: Part, decision: usize, first: usize) {
        let mask = part.touches.mask();
        let mut node = Node {
            part,
            decision,
            before: vec![],
            mask,
        };
        for (at, earlier) in self.nodes.iter().enumerate() {
            let own = at >= first;
            // The parts of one statement keep their order.
            let depends = if own {
                at + 1 == self.nodes.len()
            } else {
                earlier.mask & mask != 0 && earlier.part.touches.conflicts(&node.part.touches)
            };
            if depends {
                node.before.push(at);
                if earlier.part.phase > node.part.phase {
                    node.part.phase = earlier.part.phase;
                    node.part.pushed_by = Some(if own {
                        earlier.part.pushed_by.unwrap_or(at)
                    } else {
                        at
                    });
                }
            }
        }
        self.nodes.push(node);
    }

    /// Parts that can't be done in the phase that their author asks for, each with the part that it
    /// depends on.
    pub(crate) fn unwanted(&self) -> impl Iterator<Item = (&Node, &Node)> {
        let late = |node: &&Node| {
            node.part
                .wanted
                .is_some_and(|wanted| wanted < node.part.phase)
        };
        self.nodes
            .iter()
            .filter(late)
            .filter_map(|node| Some((node, self.nodes.get(node.part.pushed_by?)?)))
    }

    /// Says of what was moved to a later phase why, and what that means for running code.
    fn explain(&mut self, decisions: &mut [Decided]) {
        let endangered = decisions
            .iter()
            .any(|decided| !decided.decision.hazards.is_empty());
        for at in 0..self.nodes.len() {
            let Some(by) = self.nodes[at].part.pushed_by else {
                continue;
            };
            let (node, cause) = (&self.nodes[at], &self.nodes[by]);
            let thing = cause
                .part
                .touches
                .contested(&node.part.touches)
                .next()
                .map(ToString::to_string);
            let of = decisions[cause.decision]
                .statements
                .first()
                .copied()
                .unwrap_or_default();
            let phase = node.part.phase;
            let why = match &thing {
                Some(thing) => format!(
                    "only in {phase}, as statement {of} is about {thing}, too, and comes first"
                ),
                None => {
                    format!("only in {phase}, with the part of it that waits for statement {of}")
                }
            };
            let told = &mut decisions[node.decision].decision.hazards;
            if endangered
                && phase == Phase::Contract
                && !told.iter().any(|(code, _)| *code == hazard::LATE)
            {
                let thing = thing.unwrap_or_else(|| "it".to_owned());
                told.push((
                    hazard::LATE,
                    format!("code that needs what this statement does to {thing} finds it only once contract has run"),
                ));
            }
            self.nodes[at].part.why = format!("{}; {why}", self.nodes[at].part.why);
        }
    }

    /// The parts of a phase in the order in which they are done; those of one list in one
    /// transaction.
    pub(crate) fn phase(&self, phase: Phase) -> Vec<Vec<usize>> {
        let mut units: Vec<Option<Vec<usize>>> = self.groups(phase).into_iter().map(Some).collect();
        let mut unit_of: HashMap<usize, usize> = HashMap::new();
        for (unit, members) in units.iter().enumerate() {
            unit_of.extend(members.iter().flatten().map(|at| (*at, unit)));
        }
        let mut after: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); units.len()];
        let mut waits_for = vec![0_usize; units.len()];
        for (&at, &unit) in &unit_of {
            for before in self.nodes[at]
                .before
                .iter()
                .filter_map(|before| unit_of.get(before))
            {
                if *before != unit && after[*before].insert(unit) {
                    waits_for[unit] += 1;
                }
            }
        }
        let ranked = |unit: usize, members: &Option<Vec<usize>>| {
            (
                self.priority(phase, members.as_deref().unwrap_or_default()),
                unit,
            )
        };
        let mut free: BTreeSet<((Rank, usize), usize)> = units
            .iter()
            .enumerate()
            .filter(|(unit, _)| waits_for[*unit] == 0)
            .map(|(unit, members)| ranked(unit, members))
            .collect();
        let mut ordered = Vec::new();
        while let Some((_, unit)) = free.pop_first() {
            for &next in &after[unit] {
                waits_for[next] -= 1;
                if waits_for[next] == 0 {
                    free.insert(ranked(next, &units[next]));
                }
            }
            ordered.extend(units[unit].take());
        }
        debug_assert!(
            units.iter().all(Option::is_none),
            "nothing comes before an earlier statement"
        );
        ordered
    }

    /// Who is first among those that are free. Outside of the backfill it is the author's order;
    /// but proofs that a contract needs come together, so that a table is looked through once for
    /// all of them.
    fn priority(&self, phase: Phase, unit: &[usize]) -> (Rank, usize) {
        let rank = |at: &usize| match (phase, self.nodes[*at].part.rank) {
            (_, Rank::Retire) => Rank::Retire,
            (Phase::Backfill, rank) | (Phase::Contract, rank @ (Rank::Demand | Rank::Prove)) => {
                rank
            }
            (Phase::Contract, _) => Rank::Swap,
            (Phase::Expand, _) => Rank::AsWritten,
        };
        let rank = unit.iter().map(rank).min().unwrap_or(Rank::AsWritten);
        (rank, unit.first().copied().unwrap_or_default())
    }

    /// The parts of a phase; what is dropped and made again stands together with all that lies
    /// between.
    fn groups(&self, phase: Phase) -> Vec<Vec<usize>> {
        let of_phase: Vec<usize> = (0..self.nodes.len())
            .filter(|at| self.nodes[*at].part.phase == phase)
            .collect();
        let mut groups: Vec<BTreeSet<usize>> = Vec::new();
        for (drop, make) in self.replacements(&of_phase) {
            let mut members = BTreeSet::from([drop, make]);
            groups.retain(|group| {
                let apart = group.is_disjoint(&members);
                if !apart {
                    members.extend(group);
                }
                apart
            });
            groups.push(members);
        }
        let mut units: Vec<Vec<usize>> = Vec::new();
        let mut grouped = BTreeSet::new();
        for group in self.closed(groups, &of_phase) {
            grouped.extend(group.iter().copied());
            units.push(group.into_iter().collect());
        }
        units.extend(
            of_phase
                .into_iter()
                .filter(|at| !grouped.contains(at))
                .map(|at| vec![at]),
        );
        units
    }

    /// Pairs of parts of which the second makes what the first drops.
    fn replacements(&self, of_phase: &[usize]) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        let mut dropped: HashMap<&Thing, usize> = HashMap::new();
        for &at in of_phase {
            let node = &self.nodes[at];
            for access in node
                .part
                .touches
                .writes()
                .filter(|access| is_whole(&access.thing))
            {
                match access.how {
                    How::Make => {
                        let drop = dropped
                            .get(&access.thing)
                            .filter(|drop| self.nodes[**drop].decision != node.decision);
                        pairs.extend(drop.map(|drop| (*drop, at)));
                    }
                    How::Drop => {
                        dropped.insert(&access.thing, at);
                    }
                    How::Read | How::Change => {}
                }
            }
        }
        pairs
    }

    /// Groups with what lies between their members, and with what belongs to what they make. One
    /// that would hold long work is none: its members are done one after the other.
    fn closed(&self, groups: Vec<BTreeSet<usize>>, of_phase: &[usize]) -> Vec<BTreeSet<usize>> {
        let mut closed: Vec<BTreeSet<usize>> = Vec::new();
        for mut group in groups {
            loop {
                let before = group.len();
                let (first, last) = (
                    group.first().copied().unwrap_or(0),
                    group.last().copied().unwrap_or(0),
                );
                let between: Vec<usize> = of_phase
                    .iter()
                    .copied()
                    .filter(|at| *at > first && *at < last && !group.contains(at))
                    .filter(|at| {
                        self.follows(*at, &group)
                            && group.iter().any(|member| self.comes_before(*at, *member))
                    })
                    .collect();
                group.extend(between);
                // Another group may share members by now.
                closed.retain(|other| {
                    let apart = other.is_disjoint(&group);
                    if !apart {
                        group.extend(other);
                    }
                    apart
                });
                if group.len() == before {
                    break;
                }
            }
            closed.push(group);
        }
        closed.retain(|group| {
            group
                .iter()
                .all(|at| matches!(self.nodes[*at].part.work, Work::Quick { .. }))
        });
        for at in 0..closed.len() {
            let mut group = closed[at].clone();
            for &next in of_phase {
                let taken =
                    closed.iter().any(|other| other.contains(&next)) || group.contains(&next);
                if !taken && self.belongs(next, &group) {
                    group.insert(next);
                }
            }
            closed[at] = group;
        }
        closed
    }

    /// Whether a part is about what a group makes, and waits for nothing else: rights on a view, a
    /// comment.
    fn belongs(&self, at: usize, group: &BTreeSet<usize>) -> bool {
        let node = &self.nodes[at];
        let quick = matches!(node.part.work, Work::Quick { .. }) && !node.part.alone;
        quick
            && node.before.iter().any(|before| group.contains(before))
            && node.before.iter().all(|before| {
                group.contains(before)
                    || self.nodes[*before].part.phase != node.part.phase
                    || !self.follows(*before, group)
            })
            // One that comes with the group can't come before what the group has to follow, and
            // nothing lies between.
            && node.before.iter().all(|before| group.contains(before) || *before < group.first().copied().unwrap_or(0)
                || self.nodes[*before].part.phase != node.part.phase)
    }

    /// Whether a part comes after a member of the group.
    fn follows(&self, at: usize, group: &BTreeSet<usize>) -> bool {
        group.iter().any(|member| self.comes_before(*member, at))
    }

    fn comes_before(&self, first: usize, second: usize) -> bool {
        let mut open = vec![second];
        let mut seen = BTreeSet::new();
        while let Some(at) = open.pop() {
            for &before in &self.nodes[at].before {
                if before == first {
                    return true;
                }
                if before > first && seen.insert(before) {
                    open.push(before);
                }
            }
        }
        false
    }
}

/// Things that are missed while they aren't there.
fn is_whole(thing: &Thing) -> bool {
    matches!(
        thing,
        Thing::Relation(_)
            | Thing::Column(_, Some(_))
            | Thing::Constraint(..)
            | Thing::Trigger(_, Some(_))
            | Thing::Rule(_, Some(_))
            | Thing::Policy(_, Some(_))
            | Thing::Type(_)
            | Thing::Function(_)
            | Thing::Schema(_)
            | Thing::Named(..)
            | Thing::Rights(..)
    )
}
