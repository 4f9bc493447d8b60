//! The engine, struck. `./dev chaos` does the same for longer.
#![allow(
    clippy::unwrap_used,
    reason = "a test that can't go on should end there"
)]

mod any_text;
mod exhaustive;
mod failover;
mod random;

use concertina_chaos::summary::Summary;
use std::io::Write;
use std::path::Path;

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_chaos"))
}

/// Ends the test when something was violated; tells the figures.
#[track_caller]
fn holds(name: &str, summary: &Summary) {
    let _ = writeln!(std::io::stderr(), "{name}\n{summary}");
    assert!(
        summary.violations.is_empty(),
        "{name}:\n{}",
        summary.violations.join("\n")
    );
}
