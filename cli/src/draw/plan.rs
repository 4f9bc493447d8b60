//! Plans: for people with reasons, for machines with a version number.

use super::{json, line};
use concertina_engine::Estimate;
use concertina_planner::action::Operation;
use concertina_planner::plan::Work;
use concertina_planner::{Plan, explain, stored};
use serde_json::json;
use std::fmt::Write;

/// Prints plans, with what to expect of each if that was asked for.
pub(crate) fn print(plans: &[Plan], estimates: &[Vec<Estimate>], as_json: bool, sql: bool) {
    if as_json {
        json(&json!({ "format": stored::FORMAT, "plans": plans, "estimates": estimates }));
        return;
    }
    if plans.is_empty() {
        line(false, "nothing is pending");
    }
    for (at, plan) in plans.iter().enumerate() {
        line(false, explain(plan).trim_end());
        if sql {
            line(false, &statements(plan));
        }
        if let Some(estimates) = estimates.get(at) {
            line(false, expected(estimates).trim_end());
        }
    }
}

/// What to expect, a line each.
fn expected(estimates: &[Estimate]) -> String {
    let mut text =
        String::from("  expected (from a sample; half or twice as much is no surprise)\n");
    if estimates.is_empty() {
        text.push_str("    nothing that takes time\n");
    }
    for one in estimates {
        let span = if one.seconds_beside > one.seconds_alone * 1.1 {
            format!(
                "{} alone, {} beside an application",
                duration(one.seconds_alone),
                duration(one.seconds_beside)
            )
        } else {
            duration(one.seconds_beside)
        };
        let _ = write!(
            text,
            "    {}: {:.0} rows of {} in {span}",
            one.step, one.rows, one.table
        );
        if one.wal_bytes >= 1e6 {
            let _ = write!(text, ", {:.0} MB of WAL", one.wal_bytes / 1e6);
        }
        let percent = |growth: f64| (growth - 1.0) * 100.0;
        if one.list_bytes > 0.0 {
            let megabytes = (one.list_bytes / 1e6).max(1.0);
            let snapshot = duration(one.snapshot_seconds);
            let _ = write!(
                text,
                ", by a list of {megabytes:.0} MB that is made under a snapshot of {snapshot}"
            );
        }
        if percent(one.heap_growth) >= 1.0 {
            let _ = write!(
                text,
                ", the table grows by {:.0} %",
                percent(one.heap_growth)
            );
        }
        if percent(one.index_growth) >= 1.0 {
            let _ = write!(text, ", its indexes by {:.0} %", percent(one.index_growth));
        }
        text.push('\n');
    }
    text
}

/// A duration in the unit that suits it.
fn duration(seconds: f64) -> String {
    if seconds < 1.0 {
        "less than a second".to_owned()
    } else {
        super::duration(seconds).to_string()
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
            Work::Backfill { backfill } => vec![match &backfill.operation {
                Operation::Listed(list) => format!("-- in batches, the rows of: {}", list.query),
                Operation::Assign(_) | Operation::Delete | Operation::Copy { .. } => {
                    format!("-- in batches, rows where {}", backfill.predicate)
                }
            }],
        };
        for statement in sql {
            let end = if statement.starts_with("--") { "" } else { ";" };
            let _ = writeln!(text, "    {}{end}", statement.replace('\n', "\n    "));
        }
    }
    text
}
