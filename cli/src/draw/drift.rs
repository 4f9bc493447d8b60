//! What is different from what should be.

use super::{aside, json, line};
use concertina_engine::Comparison;
use serde_json::json;
use std::fmt::Write;

/// A line for each difference from the history.
pub(crate) fn verified(compared: &Comparison, as_json: bool) {
    if as_json {
        return json(
            &json!({ "differences": compared.differences, "not_compared": compared.not_compared }),
        );
    }
    not_compared(compared);
    if compared.differences.is_empty() {
        line(false, "the database matches its revisions");
    }
    compared
        .differences
        .iter()
        .for_each(|difference| line(false, &difference.to_string()));
}

/// The statements that lead to what is wanted, and how the trial of them ended.
pub(crate) fn compared(compared: &Comparison, as_json: bool) {
    if as_json {
        let statements: Vec<&str> = compared
            .statements
            .iter()
            .map(|one| one.sql.as_str())
            .collect();
        let hazards = compared
            .statements
            .iter()
            .filter_map(|one| Some(json!({ "sql": one.sql, "hazard": one.hazard.as_ref()? })));
        let refused = compared
            .refused
            .iter()
            .map(|(one, why)| json!({ "sql": one.sql, "why": why }));
        return json(&json!({
            "differences": compared.differences,
            "statements": statements,
            "hazards": hazards.collect::<Vec<_>>(),
            "complete": compared.is_complete(),
            "remaining": compared.remaining,
            "refused": refused.collect::<Vec<_>>(),
            "untried": compared.untried,
            "not_compared": compared.not_compared,
        }));
    }
    if compared.differences.is_empty() {
        line(false, "-- nothing differs");
    } else {
        line(false, script(compared).trim_end());
    }
    line(
        false,
        &format!("-- not compared: {}", compared.not_compared.join(", ")),
    );
}

/// What a revision says: the statements that ran, those that were refused as comments, and what
/// stays different.
pub(crate) fn script(compared: &Comparison) -> String {
    let mut text = String::new();
    for statement in &compared.statements {
        let _ = writeln!(text, "{statement}");
    }
    for (statement, why) in &compared.refused {
        let _ = writeln!(text, "-- refused when it was tried: {}", in_a_line(why));
        statement.to_string().lines().for_each(|one| {
            let _ = writeln!(text, "-- {one}");
        });
    }
    for told in ends(compared) {
        let _ = writeln!(text, "-- {told}");
    }
    text
}

/// How a trial ended, a line each.
fn ends(compared: &Comparison) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    if !compared.untried.is_empty() {
        let what = compared.untried.join(", ");
        told.push(format!("not tried for what can't be copied: {what}"));
    }
    told.extend(
        compared
            .remaining
            .iter()
            .map(|one| format!("stays different: {}", in_a_line(&one.to_string()))),
    );
    told
}

/// What a revision doesn't do, for whoever had it written.
pub(crate) fn left(compared: &Comparison) {
    for (statement, why) in &compared.refused {
        aside(&format!(
            "refused when it was tried: {}: {}",
            in_a_line(&statement.sql),
            in_a_line(why)
        ));
    }
    ends(compared).iter().for_each(|told| aside(told));
    not_compared(compared);
}

/// What isn't compared.
pub(crate) fn not_compared(compared: &Comparison) {
    aside(&format!(
        "not compared: {}",
        compared.not_compared.join(", ")
    ));
}

fn in_a_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
