//! Decisions into an ordered plan: phases, ranks, and everything instant of one table in one
//! transaction.

use crate::action::{Lock, Online};
use crate::catalog::Catalog;
use crate::decision::{Decided, Part, Rank};
use crate::footprint::Footprint;
use crate::order::Order;
use crate::plan::{Phase, Plan, Step, StepId, Work};
use concertina_revisions::{RevisionId, TableName};
use std::collections::BTreeSet;

/// Puts all decisions of a revision together.
pub(crate) fn assemble(
    revision: &RevisionId,
    decisions: &[Decided],
    order: &Order,
    catalog: &Catalog,
    is_behind: bool,
) -> Plan {
    let reverse = reverse(decisions);
    let mut plan = Plan {
        revision: revision.clone(),
        preflight: vec![],
        expand: vec![],
        backfill: vec![],
        contract: vec![],
        hazards: vec![],
        warnings: vec![],
        notes: vec![],
        reverse,
    };
    for Decided {
        decision,
        statements,
    } in decisions
    {
        let first = statements.first().copied().unwrap_or(1);
        plan.hazards.extend(decision.hazards_of(first));
        plan.warnings.extend(decision.warnings_of(first));
        plan.preflight.extend(decision.checks_of(first));
        plan.notes.extend(decision.notes.iter().cloned());
    }
    for phase in [Phase::Expand, Phase::Backfill, Phase::Contract] {
        let of_phase = order
            .phase(phase)
            .into_iter()
            .filter_map(|unit| drafted(&unit, order, decisions))
            .collect();
        let steps = merge(of_phase)
            .into_iter()
            .enumerate()
            .map(|(at, draft)| draft.step(phase, at + 1, catalog))
            .collect();
        match phase {
            Phase::Expand => plan.expand = steps,
            Phase::Backfill => plan.backfill = steps,
            Phase::Contract => plan.contract = steps,
        }
    }
    // What is one transaction is all there, or nothing of it; but behind a revision that waits it
    // may be taken back with that.
    let is_one = plan.steps().count() == 1
        && plan
            .steps()
            .all(|(_, step)| matches!(step.work, Work::Quick { .. }));
    if !is_one || is_behind {
        plan.warnings.extend(crate::remains::of(decisions, order));
    }
    plan
}

/// Parts that share one transaction.
fn drafted(unit: &[usize], order: &Order, decisions: &[Decided]) -> Option<Draft> {
    let mut drafts = unit.iter().map(|at| {
        let node = &order.nodes[*at];
        let why = vec![node.part.why.clone()];
        Draft {
            part: node.part.clone(),
            why,
            statements: decisions[node.decision].statements.clone(),
        }
    });
    let mut first = drafts.next()?;
    drafts.for_each(|next| first.absorb(next));
    first.part.alone |= unit.len() > 1;
    Some(first)
}

/// The reverses of all statements, last statement first; the first reason why there is none wins.
fn reverse(decisions: &[Decided]) -> Result<Vec<String>, String> {
    let mut sql = Vec::new();
    for Decided {
        decision,
        statements,
    } in decisions.iter().rev()
    {
        match &decision.reverse {
            Some(Ok(statements)) => sql.extend(statements.clone()),
            Some(Err(why)) => {
                return Err(format!(
                    "statement {}: {why}",
                    statements.first().copied().unwrap_or(1)
                ));
            }
            None => {}
        }
    }
    Ok(sql)
}

/// A step in the making.
#[derive(Clone)]
struct Draft {
    part: Part,
    why: Vec<String>,
    statements: Vec<usize>,
}

impl Draft {
    fn step(self, phase: Phase, number: usize, catalog: &Catalog) -> Step {
        let undo = in_one_transaction(self.part.undo);
        let tables: BTreeSet<TableName> = undo
            .iter()
            .chain([&self.part.work])
            .flat_map(Work::locks)
            .map(|(table, _)| table)
            .collect();
        let below = |table: &TableName| {
            catalog
                .below(table)
                .into_iter()
                .map(|child| (table.clone(), child))
                .collect()
        };
        let below: Vec<_> = tables
            .iter()
            .flat_map(|table| -> Vec<_> { below(table) })
            .collect();
        let mut statements = self.statements;
        statements.sort_unstable();
        statements.dedup();
        Step {
            id: StepId(format!("{phase}-{number}")),
            work: self.part.work,
            why: self.why.join("; "),
            statements,
            undo,
            below,
            touches: if phase == Phase::Contract {
                self.part.touches
            } else {
                Footprint::default()
            },
        }
    }

    /// Existing tables on which the step holds a lock that makes someone wait.
    fn blocked(&self) -> BTreeSet<TableName> {
        self.part
            .work
            .locks()
            .into_iter()
            .filter(|(_, lock)| *lock >= Lock::Share)
            .map(|(table, _)| table)
            .collect()
    }

    fn absorb(&mut self, other: Draft) {
        for why in other.why {
            if !self.why.contains(&why) {
                self.why.push(why);
            }
        }
        self.statements.extend(other.statements);
        self.part.touches.merge(&other.part.touches);
        // What was done last is undone first.
        self.part.undo.splice(0..0, other.part.undo);
        match (&mut self.part.work, other.part.work) {
            (Work::Quick { actions }, Work::Quick { actions: more }) => actions.extend(more),
            (
                Work::Slow {
                    online:
                        Online::Validate {
                            constraints,
                            references,
                            ..
                        },
                },
                Work::Slow {
                    online:
                        Online::Validate {
                            constraints: more,
                            references: others,
                            ..
                        },
                },
            ) => {
                constraints.extend(more);
                references.extend(others);
            }
            (mine, theirs) => unreachable!("only like work is merged: {mine:?} and {theirs:?}"),
        }
    }
}

/// Quick works in a row become one: taken back together or not at all.
fn in_one_transaction(works: Vec<Work>) -> Vec<Work> {
    works.into_iter().fold(Vec::new(), |mut merged, work| {
        match (merged.last_mut(), work) {
            (Some(Work::Quick { actions }), Work::Quick { actions: more }) => actions.extend(more),
            (_, work) => merged.push(work),
        }
        merged
    })
}

/// Merges what may share a transaction (or a scan): in expand only neighbours, since their order is
/// the author's; later everything of one table and rank.
fn merge(drafts: Vec<Draft>) -> Vec<Draft> {
    let mut merged: Vec<Draft> = Vec::new();
    for draft in drafts {
        let reach = if draft.part.rank == Rank::AsWritten {
            1
        } else {
            merged.len()
        };
        // Not across another transaction that is about the same table.
        let apart = |before: &&mut Draft| {
            may_join(before, &draft)
                || !(about_the_same(before, &draft)
                    || before.part.touches.conflicts(&draft.part.touches)
                    || before
                        .statements
                        .iter()
                        .any(|one| draft.statements.contains(one)))
        };
        let near = merged.iter_mut().rev().take(reach).take_while(apart);
        match near.into_iter().find(|before| may_join(before, &draft)) {
            Some(before) => before.absorb(draft),
            None => merged.push(draft),
        }
    }
    merged
}

fn about_the_same(before: &Draft, next: &Draft) -> bool {
    matches!(
        (&before.part.work, &next.part.work),
        (Work::Quick { .. }, Work::Quick { .. })
    ) && !before.blocked().is_disjoint(&next.blocked())
}

fn may_join(before: &Draft, next: &Draft) -> bool {
    if before.part.rank != next.part.rank || before.part.alone || next.part.alone {
        return false;
    }
    match (&before.part.work, &next.part.work) {
        (Work::Quick { .. }, Work::Quick { .. }) => {
            let (mine, theirs) = (before.blocked(), next.blocked());
            let together: BTreeSet<_> = mine.union(&theirs).collect();
            // One existing table a transaction: a second strong lock multiplies waits and
            // deadlocks.
            together.len() <= 1 || (before.part.rank != Rank::AsWritten && mine == theirs)
        }
        (
            Work::Slow {
                online:
                    Online::Validate {
                        table: mine,
                        references,
                        ..
                    },
            },
            Work::Slow {
                online:
                    Online::Validate {
                        table: theirs,
                        references: others,
                        ..
                    },
            },
        ) => mine == theirs && references.is_empty() && others.is_empty(),
        _ => false,
    }
}
