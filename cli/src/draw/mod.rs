//! Everything that is printed. Each file draws one kind of thing, as text and as JSON.

pub(crate) mod check;
mod diagnostic;
pub(crate) mod doctor;
pub(crate) mod done;
pub(crate) mod drift;
pub(crate) mod failure;
pub(crate) mod isolation;
pub(crate) mod log;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod revisions;
pub(crate) mod status;

use indicatif::HumanDuration;
use serde_json::Value;
use std::io::Write;
use std::time::Duration;

/// A duration in the unit that suits it.
fn duration(seconds: f64) -> HumanDuration {
    HumanDuration(Duration::from_secs_f64(seconds.clamp(0.0, LONGEST_SECONDS)))
}

/// What takes longer is told as this long.
const LONGEST_SECONDS: f64 = 1e9;

/// A line that was asked for.
pub(crate) fn line(quiet: bool, text: &str) {
    if !quiet {
        // A reader that has gone away isn't our error.
        let _ = writeln!(std::io::stdout(), "{text}");
    }
}

/// A JSON object on a line of its own.
pub(crate) fn json(value: &Value) {
    line(false, &value.to_string());
}

/// A line for people who watch.
pub(crate) fn aside(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
