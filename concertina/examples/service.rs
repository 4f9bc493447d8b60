//! A service that brings its database up to date when it starts, and does a backfill of its own.
//!
//! `DATABASE_URL=postgres://.. cargo run --example service`

#![allow(clippy::print_stderr, reason = "a service's log")]

use concertina::Runner;
use concertina_engine::{Event, Settings};

#[tokio::main]
async fn main() -> Result<(), concertina::Failure> {
    let url =
        std::env::var("DATABASE_URL").unwrap_or_else(|_| "postgres://localhost/shop".to_owned());
    let mut runner = Runner::builder(&url)
        .revision(
            "001_leads",
            "CREATE TABLE leads (id bigint PRIMARY KEY, email text, score int);",
        )
        .revision(
            "002_score",
            "ALTER TABLE leads ADD COLUMN points int; UPDATE leads SET points = score * 10;",
        )
        .settings(Settings {
            rows_per_second_max: Some(50_000),
            ..Settings::default()
        })
        .build()?;
    // Progress, for logs and metrics.
    let mut progress = runner.progress().into_iter();
    if let Some(mut progress) = progress.next() {
        tokio::spawn(async move {
            while let Some(event) = progress.recv().await {
                if let Event::StepDone { step, seconds, .. } = event {
                    eprintln!("{step} took {seconds:.1} s");
                }
            }
        });
    }
    // Ctrl-C, or an orchestrator's SIGTERM: stop after the batch in hand.
    let stopper = runner.stopper();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stopper.stop();
        }
    });
    let done = runner.upgrade().await?;
    for (revision, _) in &done.waiting {
        eprintln!("{revision} waits until no older version of this service is left");
    }
    let lower = "-- concertina: idempotent
        UPDATE leads SET email = lower(email) WHERE email <> lower(email);";
    runner.job("lower addresses", lower).await?;
    eprintln!("ready");
    Ok(())
}
