//! What a verb did, and what to do next.

use super::{json, line};
use concertina::Done;
use serde_json::{Value, json};

/// Prints the end of a verb.
pub(crate) fn print(done: &Done, as_json: bool, quiet: bool) {
    if as_json {
        let waiting: Vec<Value> = done
            .waiting
            .iter()
            .map(|(id, hazards)| json!({ "revision": id, "hazards": hazards }))
            .collect();
        json(&json!({ "event": "done", "finished": done.finished, "waiting": waiting }));
        return;
    }
    if done.finished.is_empty() && done.waiting.is_empty() {
        line(quiet, "nothing to do");
    }
    for id in &done.finished {
        line(quiet, &format!("✓ {id}"));
    }
    for (id, hazards) in &done.waiting {
        line(quiet, &format!("… {id} waits for contract"));
        for hazard in hazards {
            line(
                quiet,
                &format!(
                    "    {} (statement {}): {}",
                    hazard.code, hazard.statement, hazard.message
                ),
            );
        }
    }
    if !done.waiting.is_empty() {
        line(
            quiet,
            "next: once no old version of the application is left, concertina contract",
        );
        line(quiet, "      to go back instead, concertina rollback");
    }
}
