//! What the doctor found.

use super::{json, line};
use concertina_engine::{Finding, Severity};
use serde_json::json;

/// A line for each finding, and what to do about it below.
pub(crate) fn print(findings: &[Finding], as_json: bool) {
    if as_json {
        return json(&json!({ "findings": findings }));
    }
    for finding in findings {
        let word = match finding.severity {
            Severity::Fine => "fine",
            Severity::Warning => "warning",
            Severity::Wrong => "wrong",
        };
        line(false, &format!("{word}: {}", finding.what));
        if !finding.remedy.is_empty() {
            line(false, &format!("  help: {}", finding.remedy));
        }
    }
    if findings
        .iter()
        .all(|finding| finding.severity == Severity::Fine)
    {
        line(false, "nothing was found");
    }
}
