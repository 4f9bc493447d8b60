//! A plan in plain text: what `concertina plan` prints and what snapshots show.

use crate::plan::{Phase, Plan, Step, Work};
use std::fmt::Write;

/// The whole plan, without colours.
pub fn explain(plan: &Plan) -> String {
    let mut text = format!("revision {}\n", plan.revision);
    if !plan.preflight.is_empty() {
        text.push_str("  preflight\n");
        for check in &plan.preflight {
            let _ = writeln!(text, "    ? {}", check.what);
        }
    }
    for phase in [Phase::Expand, Phase::Backfill, Phase::Contract] {
        let steps = plan.phase(phase);
        if steps.is_empty() {
            continue;
        }
        let _ = writeln!(text, "  {phase}");
        for step in steps {
            text.push_str(&step_text(step));
        }
    }
    for hazard in plan.hazards.iter().chain(&plan.warnings) {
        let _ = writeln!(
            text,
            "  hazard {} (statement {}): {}",
            hazard.code, hazard.statement, hazard.message
        );
    }
    for note in &plan.notes {
        let _ = writeln!(text, "  note: {note}");
    }
    if let Err(why) = &plan.reverse {
        let _ = writeln!(text, "  no reverse can be derived: {why}");
    }
    text
}

fn step_text(step: &Step) -> String {
    let mut text = String::new();
    let summary = step.work.summary();
    let _ = writeln!(
        text,
        "    {:<12} {}",
        step.id.0,
        summary.join("\n                 ")
    );
    let locks: Vec<String> = step
        .locks()
        .iter()
        .map(|(table, lock)| format!("{} on {}", lock.name(), table.shown()))
        .collect();
    let locks = if locks.is_empty() {
        "no table lock".to_owned()
    } else {
        locks.join(", ")
    };
    let cost = match &step.work {
        Work::Quick { .. } => "instant",
        Work::Slow { .. } => "as long as the table is large; readers and writers go on",
        Work::Backfill { .. } => "as long as the table is large; a few milliseconds a transaction",
    };
    let _ = writeln!(text, "                 lock: {locks} · cost: {cost}");
    if !step.why.is_empty() {
        let _ = writeln!(text, "                 why: {}", step.why);
    }
    text
}
