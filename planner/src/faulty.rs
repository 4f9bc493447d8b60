//! For tests: a plan with one thing wrong in it, in every place. What comes after a plan has to
//! notice.

use crate::action::{Backfill, Operation};
use crate::plan::{Plan, Step, StepId, Work};

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A part is missing.
    Lost,
    /// A part comes after the one that follows it.
    Late,
    /// A backfill finds no row.
    Blind,
    /// A backfill finds every row, done or not.
    Greedy,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 4] = [Fault::Lost, Fault::Late, Fault::Blind, Fault::Greedy];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Lost => "lost",
            Fault::Late => "late",
            Fault::Blind => "blind",
            Fault::Greedy => "greedy",
        }
    }
}

/// A plan with a fault.
#[derive(Debug, Clone)]
pub struct Faulty {
    /// The kind of the part that is concerned, as plans are stored: `create_index`,
    /// `backfill assign`.
    pub kind: String,
    /// What is wrong.
    pub fault: Fault,
    /// Where.
    pub step: StepId,
    /// The plan.
    pub plan: Plan,
}

/// Every plan that has one fault more.
pub fn faulty(plan: &Plan) -> Vec<Faulty> {
    let mut found = Vec::new();
    for phase in 0..3 {
        let steps = of_phase(plan, phase);
        for (at, step) in steps.iter().enumerate() {
            let mut one = |kind: String, fault: Fault, change: &dyn Fn(&mut Vec<Step>)| {
                let mut plan = plan.clone();
                change(phase_of(&mut plan, phase));
                found.push(Faulty {
                    kind,
                    fault,
                    step: step.id.clone(),
                    plan,
                });
            };
            let parts = kinds(&step.work);
            for (part, kind) in parts.iter().enumerate() {
                one(kind.clone(), Fault::Lost, &|steps| lose(steps, at, part));
                if part + 1 < parts.len() {
                    one(kind.clone(), Fault::Late, &|steps| {
                        if let Work::Quick { actions } = &mut steps[at].work {
                            actions.swap(part, part + 1);
                        }
                    });
                }
            }
            if at + 1 < steps.len() {
                let last = parts.last().cloned().unwrap_or_default();
                one(last, Fault::Late, &|steps| steps.swap(at, at + 1));
            }
            if let Work::Backfill { backfill } = &step.work {
                let kind = || kind_of(backfill);
                one(kind(), Fault::Blind, &|steps| {
                    of_rows(&mut steps[at], "false");
                });
                if !matches!(backfill.operation, Operation::Listed(_)) {
                    one(kind(), Fault::Greedy, &|steps| {
                        of_rows(&mut steps[at], "true");
                    });
                }
            }
        }
    }
    found
}

fn of_phase(plan: &Plan, phase: usize) -> &[Step] {
    [&plan.expand, &plan.backfill, &plan.contract][phase]
}

fn phase_of(plan: &mut Plan, phase: usize) -> &mut Vec<Step> {
    match phase {
        0 => &mut plan.expand,
        1 => &mut plan.backfill,
        _ => &mut plan.contract,
    }
}

fn lose(steps: &mut Vec<Step>, at: usize, part: usize) {
    match &mut steps[at].work {
        Work::Quick { actions } if actions.len() > 1 => drop(actions.remove(part)),
        Work::Quick { .. } | Work::Slow { .. } | Work::Backfill { .. } => drop(steps.remove(at)),
    }
}

fn of_rows(step: &mut Step, predicate: &str) {
    let Work::Backfill { backfill } = &mut step.work else {
        return;
    };
    predicate.clone_into(&mut backfill.predicate);
    if let Operation::Listed(list) = &mut backfill.operation {
        list.query = format!("SELECT * FROM ({}) AS listed WHERE {predicate}", list.query);
    }
}

/// The kinds of a step's parts, as plans are stored.
fn kinds(work: &Work) -> Vec<String> {
    let tag = |value: serde_json::Result<serde_json::Value>| {
        value
            .ok()
            .and_then(|value| value.get("do")?.as_str().map(str::to_owned))
            .unwrap_or_default()
    };
    match work {
        Work::Quick { actions } => actions
            .iter()
            .map(|action| tag(serde_json::to_value(action)))
            .collect(),
        Work::Slow { online } => vec![tag(serde_json::to_value(online))],
        Work::Backfill { backfill } => vec![kind_of(backfill)],
    }
}

fn kind_of(backfill: &Backfill) -> String {
    let what = match &backfill.operation {
        Operation::Assign(_) => "assign",
        Operation::Delete => "delete",
        Operation::Copy { .. } => "copy",
        Operation::Listed(_) => "listed",
    };
    format!("backfill {what}")
}
