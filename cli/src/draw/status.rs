//! What is in flight, and the next command for each state.

use super::revisions::state;
use super::{json, line};
use concertina::Failure;
use concertina_engine::{BackfillStatus, Direction, Known, State, Unfilled};
use concertina_revisions::Revision;
use serde_json::{Value, json};

/// A revision in flight with its backfills.
pub(crate) struct Flying<'a> {
    pub(crate) known: &'a Known,
    pub(crate) backfills: Vec<BackfillStatus>,
    pub(crate) unfilled: Vec<Unfilled>,
}

/// Prints the status; what is pending isn't known where the folder can't be read.
pub(crate) fn print(
    flying: &[Flying<'_>],
    pending: &[&Revision],
    unread: Option<&Failure>,
    as_json: bool,
) {
    if as_json {
        let list: Vec<Value> = flying.iter().map(value).collect();
        let pending: Vec<&str> = pending
            .iter()
            .map(|revision| revision.id.as_str())
            .collect();
        let unread = unread.map(ToString::to_string);
        return json(&json!({ "in_flight": list, "pending": pending, "unread": unread }));
    }
    for one in flying {
        line(false, &format!("{}: {}", one.known.id, state(one.known)));
        for backfill in &one.backfills {
            let percent = backfill.share * 100.0;
            line(
                false,
                &format!(
                    "  {}: {percent:.1} % of the blocks, {} rows",
                    backfill.step, backfill.rows
                ),
            );
            if let Some(why) = &backfill.throttle {
                line(false, &format!("    throttled: {why}"));
            }
        }
        for left in &one.unfilled {
            line(false, &format!("  {}", unfilled(left)));
        }
        if let Some(error) = &one.known.error {
            line(false, &format!("  stopped: {error}"));
        }
        line(false, &format!("  next: {}", next(one.known)));
    }
    if let Some(failure) = unread {
        line(false, &format!("what is pending isn't known: {failure}"));
        return line(
            false,
            "  next: concertina check tells what is wrong with the files",
        );
    }
    match (flying, pending) {
        ([], []) => line(false, "everything is applied"),
        (_, []) => {}
        (_, pending) => {
            line(false, &format!("{} pending:", pending.len()));
            pending
                .iter()
                .for_each(|revision| line(false, &format!("  {}", revision.id)));
            if flying.is_empty() {
                line(false, "  next: concertina upgrade");
            }
        }
    }
}

/// What sync triggers had no value for, in a sentence.
pub(super) fn unfilled(left: &Unfilled) -> String {
    let Unfilled {
        table,
        target,
        writes,
    } = left;
    format!(
        "{writes} writes to {table} gave no value for {target}: they went through, and contract waits until their rows are put right"
    )
}

/// The command that takes a state further.
fn next(known: &Known) -> &'static str {
    match (known.state, known.direction) {
        (State::Running, Direction::Up) => {
            "concertina upgrade, or concertina rollback to take it back"
        }
        (State::Running, Direction::Down) => {
            "concertina downgrade with the same target, or concertina rollback"
        }
        (State::Waiting, _) => {
            "concertina contract once no old version of the application is left, or concertina rollback"
        }
        (State::Contracting, _) => {
            "concertina contract, once what stops it is fixed; or concertina stamp --purge, which leaves all as it is"
        }
        (State::Undoing, _) => {
            "concertina rollback, once what stops it is fixed; or concertina stamp --purge, which leaves all as it is"
        }
        (State::Applied, _) => "nothing",
    }
}

fn value(one: &Flying<'_>) -> Value {
    json!({
        "id": one.known.id,
        "state": one.known.state,
        "direction": one.known.direction,
        "backfills": one.backfills,
        "unfilled": one.unfilled,
        "error": one.known.error,
        "next": next(one.known),
    })
}
