//! What a rule says about one change: parts of work with their phase, and all that follows from it.

use crate::action::{Action, Backfill, Online};
use crate::footprint::Footprint;
use crate::plan::{Check, Hazard, Phase, Question, Work};
use concertina_revisions::{Code, Ident, TableName};

/// A decision and the statements it answers, counted from 1.
pub(crate) struct Decided {
    pub(crate) decision: Decision,
    pub(crate) statements: Vec<usize>,
}

/// Where in its phase a part of work stands. Within a rank the order of the statements is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// Contract: versions of the application's schema that go, before what they show does.
    Retire,
    /// Expand: everything, in the order written.
    AsWritten,
    /// Backfill: rows are changed.
    Fill,
    /// Backfill: indexes are built, after their columns are filled.
    Build,
    /// New rows obey from here on; after the fill, or updates of rows not filled yet would fail.
    Demand,
    /// Old rows are proven.
    Prove,
    /// Contract: instant changes, all of one table in one transaction.
    Swap,
    /// A whole takes up its parts, which are ready.
    Adopt,
    /// Contract: objects go.
    Remove,
    /// Contract: what was built beside them takes their names.
    Rename,
    /// Backfill: the version of the application's schema that all this was for.
    Publish,
}

/// One part of work.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) phase: Phase,
    pub(crate) rank: Rank,
    pub(crate) work: Work,
    pub(crate) undo: Vec<Work>,
    pub(crate) why: String,
    /// Whether nothing else may share its transaction.
    pub(crate) alone: bool,
    /// What it reads and writes.
    pub(crate) touches: Footprint,
    /// Whether its rule says what it touches, since it isn't all that the statement does.
    pub(crate) is_known: bool,
    /// The phase that its author asks for.
    pub(crate) wanted: Option<Phase>,
    /// The part for which it was moved to a later phase.
    pub(crate) pushed_by: Option<usize>,
}

/// A rule's answer.
#[derive(Debug, Default)]
pub(crate) struct Decision {
    pub(crate) why: String,
    pub(crate) parts: Vec<Part>,
    pub(crate) checks: Vec<(String, Question, String)>,
    pub(crate) hazards: Vec<(Code, String)>,
    pub(crate) warnings: Vec<(Code, String)>,
    pub(crate) notes: Vec<String>,
    /// SQL that takes the change back; an error says why there is none.
    pub(crate) reverse: Option<Result<Vec<String>, String>>,
}

impl Decision {
    /// Begins a decision with its reason.
    pub(crate) fn because(why: impl Into<String>) -> Decision {
        Decision {
            why: why.into(),
            ..Decision::default()
        }
    }

    /// An additive instant action and what takes it back.
    pub(crate) fn expand(self, action: Action, undo: impl IntoIterator<Item = Action>) -> Decision {
        self.quick(Phase::Expand, Rank::AsWritten, action, undo)
    }

    /// An additive instant action, and all the work that takes it back.
    pub(crate) fn expand_and_back(self, action: Action, undo: Vec<Work>) -> Decision {
        self.part(
            Phase::Expand,
            Rank::AsWritten,
            Work::Quick {
                actions: vec![action],
            },
            undo,
        )
    }

    /// An instant action of contract.
    pub(crate) fn contract(self, action: Action) -> Decision {
        self.quick(Phase::Contract, Rank::Swap, action, [])
    }

    /// An instant action anywhere.
    pub(crate) fn quick(
        self,
        phase: Phase,
        rank: Rank,
        action: Action,
        undo: impl IntoIterator<Item = Action>,
    ) -> Decision {
        let undo: Vec<Action> = undo.into_iter().collect();
        let undo = if undo.is_empty() {
            vec![]
        } else {
            vec![Work::Quick { actions: undo }]
        };
        self.part(
            phase,
            rank,
            Work::Quick {
                actions: vec![action],
            },
            undo,
        )
    }

    /// Instant actions of one transaction.
    pub(crate) fn together(
        self,
        phase: Phase,
        rank: Rank,
        actions: Vec<Action>,
        undo: Vec<Work>,
    ) -> Decision {
        self.part(phase, rank, Work::Quick { actions }, undo)
    }

    /// Keeps the last part in a transaction of its own.
    pub(crate) fn last_alone(mut self) -> Decision {
        self.parts
            .iter_mut()
            .next_back()
            .into_iter()
            .for_each(|part| part.alone = true);
        self
    }

    /// Online work.
    pub(crate) fn slow(
        self,
        phase: Phase,
        rank: Rank,
        online: Online,
        undo: impl IntoIterator<Item = Online>,
    ) -> Decision {
        let undo = undo
            .into_iter()
            .map(|online| Work::Slow { online })
            .collect();
        self.part(phase, rank, Work::Slow { online }, undo)
    }

    /// An index, built while everyone goes on.
    pub(crate) fn build_index(
        self,
        table: &TableName,
        name: &Ident,
        unique: bool,
        tail: impl Into<String>,
    ) -> Decision {
        let index = table.beside(name);
        let build = Online::CreateIndex {
            table: table.clone(),
            name: name.clone(),
            unique,
            tail: tail.into(),
        };
        let drop = Online::DropIndex {
            table: table.clone(),
            index,
            definition: String::new(),
        };
        self.slow(Phase::Backfill, Rank::Build, build, [drop])
    }

    /// Online work, and all the work that takes it back.
    pub(crate) fn slow_and_back(
        self,
        phase: Phase,
        rank: Rank,
        online: Online,
        undo: Vec<Work>,
    ) -> Decision {
        self.part(phase, rank, Work::Slow { online }, undo)
    }

    /// Many small transactions.
    pub(crate) fn fill(self, backfill: Backfill) -> Decision {
        self.part(
            Phase::Backfill,
            Rank::Fill,
            Work::Backfill { backfill },
            vec![],
        )
    }

    fn part(mut self, phase: Phase, rank: Rank, work: Work, undo: Vec<Work>) -> Decision {
        self.parts.push(Part {
            phase,
            rank,
            work,
            undo,
            why: self.why.clone(),
            alone: false,
            touches: Footprint::default(),
            is_known: false,
            wanted: None,
            pushed_by: None,
        });
        self
    }

    /// What the last part touches, where that isn't all that the statement does.
    pub(crate) fn last_touching(mut self, touches: Footprint) -> Decision {
        if let Some(part) = self.parts.last_mut() {
            (part.touches, part.is_known) = (touches, true);
        }
        self
    }

    /// Keeps the parts so far each in a transaction of its own.
    pub(crate) fn alone(mut self) -> Decision {
        self.parts.iter_mut().for_each(|part| part.alone = true);
        self
    }

    /// The reason for the parts that follow.
    pub(crate) fn then_because(mut self, why: impl Into<String>) -> Decision {
        self.why = why.into();
        self
    }

    /// A question to ask before the first change.
    pub(crate) fn check(
        mut self,
        what: impl Into<String>,
        question: Question,
        remedy: impl Into<String>,
    ) -> Decision {
        self.checks.push((what.into(), question, remedy.into()));
        self
    }

    /// What old application versions may stumble over.
    pub(crate) fn hazard(mut self, code: Code, message: impl Into<String>) -> Decision {
        self.hazards.push((code, message.into()));
        self
    }

    /// What others notice before contract.
    pub(crate) fn warning(mut self, code: Code, message: impl Into<String>) -> Decision {
        self.warnings.push((code, message.into()));
        self
    }

    /// Something worth knowing.
    pub(crate) fn note(mut self, note: impl Into<String>) -> Decision {
        self.notes.push(note.into());
        self
    }

    /// Something worth knowing, if there is something.
    pub(crate) fn note_of(mut self, note: Option<String>) -> Decision {
        self.notes.extend(note);
        self
    }

    /// How to take the change back on the way down.
    pub(crate) fn reverse(mut self, sql: impl Into<String>) -> Decision {
        let sql = sql.into();
        self.reverse = Some(Ok(if sql.is_empty() { vec![] } else { vec![sql] }));
        self
    }

    /// The statements that take the change back, in order.
    pub(crate) fn reverse_by(mut self, statements: Vec<String>) -> Decision {
        self.reverse = Some(Ok(statements));
        self
    }

    /// Another action that takes the last part back, after those that are there.
    pub(crate) fn and_undo(mut self, action: Action) -> Decision {
        if let Some(part) = self.parts.last_mut() {
            part.undo.push(Work::Quick {
                actions: vec![action],
            });
        }
        self
    }

    /// Another statement of the way back, after those that are there.
    pub(crate) fn and_reverse(mut self, sql: String) -> Decision {
        if let Some(Ok(statements)) = &mut self.reverse {
            statements.push(sql);
        }
        self
    }

    /// Why it can't be taken back.
    pub(crate) fn irreversible(mut self, why: impl Into<String>) -> Decision {
        self.reverse = Some(Err(why.into()));
        self
    }

    /// Adds another decision's parts to this one.
    pub(crate) fn and(mut self, other: Decision) -> Decision {
        self.parts.extend(other.parts);
        self.checks.extend(other.checks);
        self.hazards.extend(other.hazards);
        self.warnings.extend(other.warnings);
        self.notes.extend(other.notes);
        self
    }

    pub(crate) fn hazards_of(&self, statement: usize) -> Vec<Hazard> {
        told(&self.hazards, statement)
    }

    pub(crate) fn warnings_of(&self, statement: usize) -> Vec<Hazard> {
        told(&self.warnings, statement)
    }

    pub(crate) fn checks_of(&self, statement: usize) -> Vec<Check> {
        let check = |(what, question, remedy): &(String, Question, String)| Check {
            what: what.clone(),
            question: question.clone(),
            remedy: remedy.clone(),
            statement,
        };
        self.checks.iter().map(check).collect()
    }
}

fn told(all: &[(Code, String)], statement: usize) -> Vec<Hazard> {
    let hazard = |(code, message): &(Code, String)| Hazard {
        code: code.0.to_owned(),
        message: message.clone(),
        statement,
    };
    all.iter().map(hazard).collect()
}
