//! Why a verb ended.

use super::{aside, diagnostic, json};
use concertina::Failure;
use concertina_engine::FailedCheck;
use concertina_revisions::RevisionId;
use serde_json::{Value, json};
use std::io::IsTerminal;

/// Prints a failure: as text on standard error, as JSON on standard output.
pub(crate) fn print(failure: &Failure, as_json: bool) {
    if as_json {
        json(&value(failure));
    } else {
        aside(&text(failure, std::io::stderr().is_terminal()));
    }
}

fn text(failure: &Failure, colours: bool) -> String {
    match failure {
        Failure::Diagnostics(all) => {
            let texts: Vec<String> = all
                .iter()
                .map(|one| diagnostic::text(one, colours))
                .collect();
            texts.join("\n\n")
        }
        Failure::Preflight { revision, failed } => preflight(revision, failed),
        other => {
            let help = other.help();
            if help.is_empty() {
                format!("error: {other}")
            } else {
                format!("error: {other}\nhelp: {help}")
            }
        }
    }
}

fn preflight(revision: &RevisionId, failed: &[FailedCheck]) -> String {
    let mut lines = vec![format!("preflight of {revision}: nothing was changed")];
    for FailedCheck {
        check,
        count,
        examples,
    } in failed
    {
        let rows = if *count == 1 {
            "1 row violates it".to_owned()
        } else {
            format!("{count} rows violate it")
        };
        lines.push(format!(
            "  ✗ {} (statement {}): {rows}",
            check.what, check.statement
        ));
        lines.extend(examples.iter().map(|example| format!("      {example}")));
        lines.push(format!("    help: {}", check.remedy));
    }
    lines.join("\n")
}

fn value(failure: &Failure) -> Value {
    let mut value =
        json!({ "event": "failed", "message": failure.to_string(), "help": failure.help() });
    match failure {
        Failure::Diagnostics(all) => {
            value["diagnostics"] = all.iter().map(diagnostic::value).collect();
        }
        Failure::Preflight { failed, .. } => {
            let check = |one: &FailedCheck| json!({ "what": one.check.what, "count": one.count, "examples": one.examples, "help": one.check.remedy });
            value["checks"] = failed.iter().map(check).collect();
        }
        _ => {}
    }
    value
}
