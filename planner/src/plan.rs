//! What will be done, in order, with the reason for each step.

use crate::action::{Action, Backfill, Listed, Lock, Online, Operation};
use crate::footprint::Footprint;
use concertina_revisions::{Ident, RevisionId, TableName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One of the three parts of a live migration.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Additive: every running version of the application keeps working.
    Expand,
    /// Data is moved, indexes are built, constraints are proven; everything online.
    Backfill,
    /// Enforce and remove, once no old version of the application is left.
    Contract,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Expand => "expand",
            Phase::Backfill => "backfill",
            Phase::Contract => "contract",
        })
    }
}

/// A step's name within its plan: `expand-1`, `backfill-2`.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct StepId(pub String);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The three manners of working. What isn't instant can't be put into a transaction that holds a
/// strong lock: the type has no place for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Work {
    /// One short transaction under the lock ladder.
    Quick {
        /// Instant actions.
        actions: Vec<Action>,
    },
    /// Stands alone, at most SHARE UPDATE EXCLUSIVE.
    Slow {
        /// The work.
        online: Online,
    },
    /// Many small transactions.
    Backfill {
        /// The work.
        backfill: Backfill,
    },
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// Its name.
    pub id: StepId,
    /// What is done.
    pub work: Work,
    /// Why it is done this way.
    pub why: String,
    /// The statements that it comes from, counted from 1.
    pub statements: Vec<usize>,
    /// What takes it back before contract, in the order in which to run it.
    pub undo: Vec<Work>,
    /// Partitions and children that are locked with a table that the step locks, each after its
    /// parent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub below: Vec<(TableName, TableName)>,
    /// What a step of contract reads and writes: later revisions have to wait for it where they are
    /// about the same.
    #[serde(default, skip_serializing_if = "Footprint::is_empty")]
    pub touches: Footprint,
}

impl Work {
    /// The instant actions; none of what is done online.
    pub fn actions(&self) -> &[Action] {
        match self {
            Work::Quick { actions } => actions,
            Work::Slow { .. } | Work::Backfill { .. } => &[],
        }
    }

    /// The tables that the work locks, and how strongly.
    pub fn locks(&self) -> Vec<(TableName, Lock)> {
        strongest(match self {
            Work::Quick { actions } => actions.iter().flat_map(Action::locks).collect(),
            Work::Slow { online } => online.locks(),
            Work::Backfill { backfill } => match &backfill.operation {
                Operation::Copy { target, .. } => {
                    vec![
                        (backfill.table.clone(), Lock::AccessShare),
                        (target.clone(), Lock::RowExclusive),
                    ]
                }
                Operation::Assign(_) | Operation::Delete | Operation::Listed(_) => {
                    vec![(backfill.table.clone(), Lock::RowExclusive)]
                }
            },
        })
    }

    /// What the work does, one line a part.
    pub fn summary(&self) -> Vec<String> {
        match self {
            Work::Quick { actions } => actions.iter().map(Action::summary).collect(),
            Work::Slow { online } => vec![online.summary()],
            Work::Backfill { backfill } => vec![match &backfill.operation {
                Operation::Assign(assignments) => {
                    let sets: Vec<String> = assignments
                        .iter()
                        .map(|(column, value)| format!("{} = {value}", column.as_str()))
                        .collect();
                    format!("backfill {}: {}", backfill.table.shown(), sets.join(", "))
                }
                Operation::Delete => format!("delete from {} in batches", backfill.table.shown()),
                Operation::Copy { target, .. } => {
                    format!(
                        "copy {} to {} in batches",
                        backfill.table.shown(),
                        target.shown()
                    )
                }
                Operation::Listed(list) => {
                    let table = backfill.table.shown();
                    let names = |columns: &[Ident]| {
                        columns
                            .iter()
                            .map(Ident::as_str)
                            .collect::<Vec<_>>()
                            .join(", ")
                    };
                    match &list.change {
                        Listed::Assign { .. } => {
                            format!("list rows of {table}, then set {}", names(&list.values))
                        }
                        Listed::Compute { sets, .. } => {
                            let sets: Vec<String> = sets
                                .iter()
                                .map(|(column, value)| format!("{} = {value}", column.as_str()))
                                .collect();
                            format!("list rows of {table}, then set {}", sets.join(", "))
                        }
                        Listed::Delete { .. } => format!("list rows of {table}, then delete them"),
                        Listed::Insert { .. } => {
                            format!("list new rows of {table}, then insert them")
                        }
                    }
                }
            }],
        }
    }
}

impl Step {
    /// The tables that the step locks, and how strongly.
    pub fn locks(&self) -> Vec<(TableName, Lock)> {
        with_those_below(self.work.locks(), &self.below)
    }
}

/// The locks of a step's work with those of the tables below.
pub fn with_those_below(
    mut locks: Vec<(TableName, Lock)>,
    below: &[(TableName, TableName)],
) -> Vec<(TableName, Lock)> {
    for (parent, child) in below {
        let lock = locks
            .iter()
            .find(|(table, _)| table == parent)
            .map(|(_, lock)| *lock);
        locks.extend(lock.map(|lock| (child.clone(), lock)));
    }
    strongest(locks)
}

/// Each table once, with its strongest lock.
fn strongest(mut locks: Vec<(TableName, Lock)>) -> Vec<(TableName, Lock)> {
    locks.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
    locks.dedup_by(|later, first| later.0 == first.0);
    locks
}

/// Something that an application version still running may stumble over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hazard {
    /// Its kind, such as `H03`.
    pub code: String,
    /// What may break, and for whom.
    pub message: String,
    /// The statement, counted from 1.
    pub statement: usize,
}

/// A question that must be answered well before the first change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// What must hold, in words.
    pub what: String,
    /// How it is asked.
    pub question: Question,
    /// What to do when it doesn't hold.
    pub remedy: String,
    /// The statement, counted from 1.
    pub statement: usize,
}

/// How a check is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// `count` must give 0; otherwise `examples` names up to five offenders.
    NoRows {
        /// Gives one bigint.
        count: String,
        /// Gives one text column.
        examples: String,
        /// Whether it is asked of the rows that earlier statements will leave.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        foreseen: bool,
    },
    /// The server must have the extension's files.
    ExtensionAvailable(String),
    /// An expression must give a value, and no error, for every row of a table.
    NoErrors {
        /// The table.
        table: TableName,
        /// What the expression calls it.
        alias: Ident,
        /// The expression.
        expression: String,
        /// How a row is named to people, as SQL over the alias.
        key: String,
        /// The rows that earlier statements will leave, as a SELECT in parentheses; none for those
        /// that are there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rows: Option<String>,
    },
}

/// A revision's plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// The revision.
    pub revision: RevisionId,
    /// Asked before the first change.
    pub preflight: Vec<Check>,
    /// Additive steps.
    pub expand: Vec<Step>,
    /// Online work.
    pub backfill: Vec<Step>,
    /// Enforcing and removing.
    pub contract: Vec<Step>,
    /// What old application versions may stumble over in contract.
    pub hazards: Vec<Hazard>,
    /// What others notice before contract, and what a rollback leaves as the revision made it: told
    /// before the first change, and nothing that contract waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Hazard>,
    /// Worth knowing.
    pub notes: Vec<String>,
    /// SQL that takes the whole revision back, in order, or why none is known.
    pub reverse: Result<Vec<String>, String>,
}

impl Plan {
    /// The steps of a phase.
    pub fn phase(&self, phase: Phase) -> &[Step] {
        match phase {
            Phase::Expand => &self.expand,
            Phase::Backfill => &self.backfill,
            Phase::Contract => &self.contract,
        }
    }

    /// All steps with their phase, in order.
    pub fn steps(&self) -> impl Iterator<Item = (Phase, &Step)> {
        [Phase::Expand, Phase::Backfill, Phase::Contract]
            .into_iter()
            .flat_map(|phase| self.phase(phase).iter().map(move |step| (phase, step)))
    }
}
