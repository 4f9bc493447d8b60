//! The planner's law: no step holds a lock that blocks reads or writes of an existing table for
//! longer than instant work. Half of it is held by types ([`Work`]); this is the other half, owned
//! by a property test.

use crate::action::{Action, Lock, Online};
use crate::plan::{Plan, Work};
use concertina_revisions::TableName;

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
                let excused = if let Work::Slow { online } = &step.work {
                    short_or_unseen(online, plan)
                } else {
                    None
                };
                for (table, lock) in step.locks() {
                    if lock.blocks() && excused.as_ref() != Some(&table) {
                        breach(format!(
                            "holds {} on {} for as long as the table is large",
                            lock.name(),
                            table.shown()
                        ));
                    }
                }
            }
        }
        if matches!(step.work, Work::Backfill { .. })
            && step
                .locks()
                .iter()
                .any(|(_, lock)| *lock > Lock::RowExclusive)
        {
            breach("a batch takes more than row locks".to_owned());
        }
    }
    found
}

/// The one table that online work may lock strongly: a partition that is taken off, which is a
/// metadata-only change under lock_timeout; a materialized view, which nobody writes, or nobody can
/// read before it is filled.
fn short_or_unseen(online: &Online, plan: &Plan) -> Option<TableName> {
    let made_here = |view: &TableName| {
        plan.steps().any(|(_, step)| {
            step.undo
                .iter()
                .any(|undo| undo.locks().iter().any(|(table, _)| table == view))
        })
    };
    match online {
        Online::Detach { partition, .. } => Some(partition.clone()),
        Online::Refresh { view } => Some(view.clone()),
        Online::Fill { view } => made_here(view).then(|| view.clone()),
        Online::CreateIndex { .. }
        | Online::DropIndex { .. }
        | Online::Validate { .. }
        | Online::Analyze { .. }
        | Online::Reindex { .. } => None,
    }
}

/// SET NOT NULL is instant only while the CHECK that proves it stands: dropping the proof first
/// makes it scan.
fn proof_dropped_with_its_use(actions: &[Action]) -> Option<String> {
    let position = |wanted: &dyn Fn(&Action) -> bool| actions.iter().position(wanted);
    let set = position(&|action| matches!(action, Action::SetNotNull { .. }))?;
    let dropped = position(
        &|action| matches!(action, Action::DropConstraint { name, .. } if crate::helper::is_helper(name)),
    )?;
    (dropped < set).then(|| "drops the proof before SET NOT NULL uses it".to_owned())
}
