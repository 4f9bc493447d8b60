//! The planner's law: no step holds a lock that blocks reads or writes of an existing table for longer than
//! instant work. Half of it is held by types ([`Work`]); this is the other half, owned by a property test.

use crate::action::{Action, Lock};
use crate::plan::{Plan, Work};

/// Every breach of the law in a plan, in words; empty for a lawful plan.
pub fn violations(plan: &Plan) -> Vec<String> {
    let mut found = Vec::new();
    for (phase, step) in plan.steps() {
        let mut breach = |what: String| found.push(format!("{phase} step {}: {what}", step.id));
        match &step.work {
            Work::Quick { actions } => {
                if let Some(what) = proof_dropped_with_its_use(actions) {
                    breach(what);
                }
            }
            Work::Slow { .. } | Work::Backfill { .. } => {
                for (table, lock) in step.work.locks() {
                    if lock.blocks() {
                        breach(format!("holds {} on {} for as long as the table is large", lock.name(), table.shown()));
                    }
                }
            }
        }
        if matches!(step.work, Work::Backfill { .. })
            && step.work.locks().iter().any(|(_, lock)| *lock > Lock::RowExclusive)
        {
            breach("a batch takes more than row locks".to_owned());
        }
    }
    found
}

/// SET NOT NULL is instant only while the CHECK that proves it stands: dropping the proof first makes it scan.
fn proof_dropped_with_its_use(actions: &[Action]) -> Option<String> {
    let position = |wanted: &dyn Fn(&Action) -> bool| actions.iter().position(wanted);
    let set = position(&|action| matches!(action, Action::SetNotNull { .. }))?;
    let dropped =
        position(&|action| matches!(action, Action::DropConstraint { name, .. } if crate::rules::is_helper(name)))?;
    (dropped < set).then(|| "drops the proof before SET NOT NULL uses it".to_owned())
}
