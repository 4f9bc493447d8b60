//! What comes next in a revision's life, from its plan and the steps that are done. Pure.

use concertina_planner::plan::{Phase, Plan, Step};
use std::collections::BTreeSet;

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Expand and backfill.
    Backfilled,
    /// The same, and then to wait even with no contract of its own: an earlier revision still waits
    /// for its contract, and may be taken back only when nothing has been finished behind it.
    Behind,
    /// Everything.
    Contracted,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Next<'a> {
    /// Run this step.
    Perform(Phase, &'a Step),
    /// Expand and backfill are done and contract is allowed: prove that nothing is left to
    /// backfill.
    Prove,
    /// Expand and backfill are done; contract must wait.
    Wait,
    /// Everything is done.
    Finish,
}

/// The next thing to do. `proven`: this run has proven that no row is left, or contract has begun
/// already.
pub(crate) fn next<'a>(
    plan: &'a Plan,
    done: &BTreeSet<String>,
    until: Until,
    proven: bool,
) -> Next<'a> {
    match plan.steps().find(|(_, step)| !done.contains(&step.id.0)) {
        None if until == Until::Behind => Next::Wait,
        None => Next::Finish,
        Some((Phase::Contract, _)) if until != Until::Contracted => Next::Wait,
        Some((Phase::Contract, _)) if !proven => Next::Prove,
        Some((phase, step)) => Next::Perform(phase, step),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use concertina_planner::{Catalog, Table, plan};
    use concertina_revisions::{Revision, RevisionId};

    fn drop_column() -> Plan {
        let sql = "ALTER TABLE t ADD COLUMN b int; ALTER TABLE t DROP COLUMN a;";
        let revision = Revision::from_text(&RevisionId::new("r"), sql).expect("valid SQL");
        plan(
            &revision,
            &Catalog::of([Table::new("t").rows(10).column("a", "int")]),
        )
        .expect("a plan")
    }

    fn done(steps: &[&str]) -> BTreeSet<String> {
        steps.iter().map(|&step| step.to_owned()).collect()
    }

    #[test]
    fn a_revision_lives_through_its_phases() {
        let plan = drop_column();
        let at = |steps: &[&str], until, proven| match next(&plan, &done(steps), until, proven) {
            Next::Perform(_, step) => step.id.0.clone(),
            other => format!("{other:?}"),
        };
        assert_eq!(at(&[], Until::Backfilled, false), "expand-1");
        assert_eq!(at(&["expand-1"], Until::Backfilled, false), "Wait");
        assert_eq!(at(&["expand-1"], Until::Contracted, false), "Prove");
        assert_eq!(at(&["expand-1"], Until::Contracted, true), "contract-1");
        assert_eq!(
            at(&["expand-1", "contract-1"], Until::Backfilled, false),
            "Finish"
        );
        assert_eq!(
            at(&["expand-1", "contract-1"], Until::Behind, false),
            "Wait"
        );
    }
}
