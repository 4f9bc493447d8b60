//! A system up, down and up again, with a deployment of its application at each stage.

use crate::{Words, say};
use concertina_engine::{Event, Events};
use concertina_examples::system::System;
use concertina_sandbox::Postgres;
use serde_json::json;
use std::error::Error;
use std::sync::Arc;

/// Runs it, and prints what came of it.
pub(crate) async fn show(system: &System, words: &Words) -> Result<(), Box<dyn Error>> {
    let rows = words.rows.unwrap_or(200_000);
    say("starting a PostgreSQL of its own");
    let server = Postgres::start(&[("shared_buffers", "1GB"), ("max_wal_size", "4GB")]).await?;
    say(&format!("filling it: {rows} rows a table"));
    let client = system.found(&server, rows).await?;
    say(&format!(
        "an application comes along: {} queries a second; up, down and up again:",
        words.rate
    ));
    let lived = system.live(&server, &client, words.rate, told()).await?;
    let traffic = &lived.traffic;
    let queries = format!("{} queries, {} failed", traffic.queries, traffic.failed);
    say(&format!("application      {queries}"));
    say(&format!(
        "                 p50 {:.2} ms, p99 {:.2} ms, longest {:.0} ms",
        traffic.p50_ms, traffic.p99_ms, traffic.longest_stall_ms
    ));
    traffic
        .errors
        .iter()
        .for_each(|error| say(&format!("                 {error}")));
    say(&format!(
        "promises         {} kept",
        system.promises.len() - lived.broken.len().min(system.promises.len())
    ));
    lived
        .broken
        .iter()
        .for_each(|(what, against)| say(&format!("                 broken: {what} ({against})")));
    say(&format!(
        "rows             {}",
        if lived.same_rows {
            "as they were, four times"
        } else {
            "lost or changed"
        }
    ));
    say(&format!(
        "back at the start {}",
        if lived.same_schema {
            "the schema it had"
        } else {
            "another schema"
        }
    ));
    if words.json {
        say(&json!({ "traffic": lived.traffic, "broken": lived.broken, "same_rows": lived.same_rows, "same_schema": lived.same_schema }).to_string());
    }
    if traffic.failed == 0 && lived.broken.is_empty() && lived.same_rows && lived.same_schema {
        Ok(())
    } else {
        Err("the demo failed".into())
    }
}

/// Steps, as they are done.
fn told() -> Events {
    Arc::new(|event| match event {
        Event::RevisionBegun {
            revision,
            direction,
            ..
        } => say(&format!("  {revision} ({direction})")),
        Event::StepDone {
            step,
            seconds,
            rows: Some(rows),
            ..
        } => {
            say(&format!("    {step}: {rows} rows in {seconds:.1} s"));
        }
        Event::StepDone { step, seconds, .. } => say(&format!("    {step}: {seconds:.1} s")),
        _ => {}
    })
}
