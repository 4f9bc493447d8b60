//! Plans: for people with reasons, for machines with a version number.

use super::{json, line};
use concertina_planner::plan::Work;
use concertina_planner::{Plan, explain, stored};
use serde_json::json;
use std::fmt::Write;

/// Prints plans.
pub(crate) fn print(plans: &[Plan], as_json: bool, sql: bool) {
    if as_json {
        json(&json!({ "format": stored::FORMAT, "plans": plans }));
        return;
    }
    if plans.is_empty() {
        line(false, "nothing is pending");
    }
    for plan in plans {
        line(false, explain(plan).trim_end());
        if sql {
            line(false, &statements(plan));
        }
    }
}

/// The statements that will be sent; a backfill's are made for the table's size when it runs.
fn statements(plan: &Plan) -> String {
    let mut text = String::from("  statements\n");
    for (_, step) in plan.steps() {
        let _ = writeln!(text, "    -- {}", step.id);
        let sql: Vec<String> = match &step.work {
            Work::Quick { actions } => actions.iter().flat_map(|action| action.sql(None)).collect(),
            Work::Slow { online } => vec![online.sql()],
            Work::Backfill { backfill } => vec![format!("-- in batches, rows where {}", backfill.predicate)],
        };
        for statement in sql {
            let end = if statement.starts_with("--") { "" } else { ";" };
            let _ = writeln!(text, "    {}{end}", statement.replace('\n', "\n    "));
        }
    }
    text
}
