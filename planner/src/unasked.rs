//! Questions of a preflight that can't be asked before the first change.

use crate::barrier;
use crate::change::Change;
use crate::decision::Decision;
use crate::fold::Seen;
use crate::footprint::{How, Thing};
use crate::plan::Question;
use crate::sql::{self, types};

/// Leaves out the questions that can't be asked before the first change: of what an earlier
/// statement makes or renames, and of rows that it changes.
pub(crate) fn leave_out(decision: &mut Decision, seen: &[Seen], position: usize) {
    without_names_to_come(decision, seen, position);
    let one = &seen[position];
    let mut asked = one.touches.only(|access| {
        access.how == How::Read
            && matches!(
                access.thing,
                Thing::Relation(_) | Thing::Column(..) | Thing::Rows(..)
            )
    });
    for access in one
        .touches
        .accesses
        .iter()
        .filter(|access| access.how != How::Make)
    {
        if let Thing::Column(table, column) = &access.thing {
            asked.add(How::Read, Thing::Rows(table.clone(), column.clone()));
            asked.add(How::Read, Thing::Column(table.clone(), column.clone()));
        }
    }
    // Of a column that is new here each rule asks as it is: NULL, or not at all.
    let is_new = |other: &Seen| matches!(other.change, Change::AddColumn(_));
    let before = seen[..position]
        .iter()
        .filter(|other| other.statement != one.statement && !is_new(other));
    let Some(other) = before
        .into_iter()
        .find(|other| other.touches.conflicts(&asked))
    else {
        return;
    };
    let of_rows = |question: &Question| {
        matches!(
            question,
            Question::NoRows {
                foreseen: false,
                ..
            } | Question::NoErrors { rows: None, .. }
        )
    };
    for (what, ..) in decision
        .checks
        .extract_if(.., |(_, question, _)| of_rows(question))
    {
        let earlier = other.statement + 1;
        decision.notes.push(format!(
            "whether {what} is seen only once statement {earlier} has run"
        ));
    }
}

/// Leaves out what names a function, a type, an operator or a collation that an earlier statement
/// makes, changes or drops: the server doesn't know it yet, or knows another.
fn without_names_to_come(decision: &mut Decision, seen: &[Seen], position: usize) {
    let one = &seen[position];
    let earlier: Vec<&Seen> = seen[..position]
        .iter()
        .filter(|other| other.statement != one.statement)
        .collect();
    if earlier.is_empty() || decision.checks.is_empty() {
        return;
    }
    let to_come = |question: &Question| {
        let words = sql::mentioned_in(&sql_of(question)?, &one.before)
            .only(|access| is_named(&access.thing));
        let beyond = || words.reads().any(|access| is_beyond(&access.thing));
        earlier
            .iter()
            .find(|other| other.touches.conflicts(&words) || (barrier::obscures(other) && beyond()))
            .copied()
    };
    for check in std::mem::take(&mut decision.checks) {
        match to_come(&check.1) {
            Some(other) => {
                let earlier = other.statement + 1;
                decision.notes.push(format!(
                    "whether {} is seen only once statement {earlier} has run",
                    check.0
                ));
            }
            None => decision.checks.push(check),
        }
    }
}

/// What the server is asked, as SQL.
fn sql_of(question: &Question) -> Option<String> {
    match question {
        Question::NoRows { count, .. } => Some(count.clone()),
        Question::NoErrors {
            expression, rows, ..
        } => {
            let from = rows
                .as_ref()
                .map_or_else(String::new, |rows| format!(" FROM {rows} AS rows_left"));
            Some(format!("SELECT {expression}{from}"))
        }
        Question::ExtensionAvailable(_) => None,
    }
}

/// Whether it is found by its name alone, wherever it comes from.
fn is_named(thing: &Thing) -> bool {
    matches!(
        thing,
        Thing::Function(_) | Thing::Type(_) | Thing::Named(..)
    )
}

/// Functions that questions of ours call.
const OURS: [&str; 3] = ["count", "concat", "concat_ws"];

/// Operators of PostgreSQL's own that extensions seldom have others of.
const OPERATORS: [&str; 14] = [
    "=", "<>", "<", ">", "<=", ">=", "+", "-", "*", "/", "||", "~~", "!~~", "*<>",
];

/// Whether an extension may bring it.
fn is_beyond(thing: &Thing) -> bool {
    if let Thing::Function(name) = thing {
        !OURS.contains(&name.as_str())
    } else if let Thing::Type(name) = thing {
        !types::is_plain(name.as_str())
    } else if let Thing::Named(kind, name) = thing {
        kind != "operator" || !OPERATORS.contains(&name.as_str())
    } else {
        false
    }
}
