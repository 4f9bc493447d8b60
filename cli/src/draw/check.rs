//! Findings of a check: with carets for people, as annotations for what shows the changed lines.

use super::{diagnostic, json, line};
use crate::args::CheckFormat;
use concertina_revisions::{Diagnostic, Severity};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::IsTerminal;

/// Prints findings.
pub(crate) fn print(findings: &[Diagnostic], format: CheckFormat) {
    match format {
        CheckFormat::Text => text(findings),
        CheckFormat::Json => {
            json(&json!({ "findings": findings.iter().map(finding).collect::<Vec<_>>() }));
        }
        CheckFormat::Sarif => json(&sarif(findings)),
        CheckFormat::Github => findings.iter().for_each(|one| line(false, &github(one))),
    }
}

fn text(findings: &[Diagnostic]) {
    let colours = std::io::stdout().is_terminal();
    for one in findings {
        line(false, &diagnostic::text(one, colours));
        line(false, "");
    }
    let errors = findings
        .iter()
        .filter(|one| one.severity == Severity::Error)
        .count();
    let warnings = findings.len() - errors;
    let counted =
        |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    match (errors, warnings) {
        (0, 0) => line(false, "nothing is wrong"),
        _ => line(
            false,
            &format!(
                "{}, {}; `concertina explain CODE` tells more",
                counted(errors, "error"),
                counted(warnings, "warning")
            ),
        ),
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn finding(one: &Diagnostic) -> Value {
    let mut value = diagnostic::value(one);
    value["severity"] = level(one.severity).into();
    value
}

/// A workflow command of GitHub Actions. Source: its documentation, "Workflow commands".
fn github(one: &Diagnostic) -> String {
    let escaped = |text: &str| {
        text.replace('%', "%25")
            .replace('\r', "%0D")
            .replace('\n', "%0A")
    };
    let property = |text: &str| escaped(text).replace(':', "%3A").replace(',', "%2C");
    let place = one
        .place
        .as_ref()
        .map_or_else(String::new, |(source, span)| {
            let (line, column) = source.line_column(span.start);
            format!(
                "file={},line={line},col={column},",
                property(&source.path.display().to_string())
            )
        });
    let help = if one.help.is_empty() {
        String::new()
    } else {
        format!("\n{}", one.help)
    };
    let title = property(one.code.0);
    format!(
        "::{} {place}title={title}::{}",
        level(one.severity),
        escaped(&format!("{}{help}", one.message))
    )
}

/// SARIF 2.1.0, as GitHub's code scanning and GitLab read it.
fn sarif(findings: &[Diagnostic]) -> Value {
    let codes: BTreeSet<&str> = findings.iter().map(|one| one.code.0).collect();
    let rules: Vec<Value> = codes
        .into_iter()
        .map(|code| json!({ "id": code }))
        .collect();
    let results: Vec<Value> = findings
        .iter()
        .map(|one| {
            let locations: Vec<Value> = one
                .place
                .iter()
                .map(|(source, span)| {
                    let (line, column) = source.line_column(span.start);
                    json!({ "physicalLocation": {
                        "artifactLocation": { "uri": source.path.display().to_string() },
                        "region": { "startLine": line, "startColumn": column },
                    } })
                })
                .collect();
            let message = if one.help.is_empty() { one.message.clone() } else { format!("{}: {}", one.message, one.help) };
            json!({ "ruleId": one.code.0, "level": level(one.severity), "message": { "text": message }, "locations": locations })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "concertina", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "results": results,
        }],
    })
}
