//! `./dev bench backfill`: fills a column of a table, everyone in turn, on the same data under the same traffic.

use clap::Parser;
use concertina_benches::Result;
use concertina_benches::contender::Contender;
use concertina_benches::run::run;
use concertina_benches::shape::Shape;
use concertina_benches::table::{markdown, medians};
use concertina_sandbox::Postgres;
use std::io::Write;
use std::path::PathBuf;

/// Measures backfills side by side.
#[derive(Debug, Parser)]
struct Words {
    /// Rows of the table
    #[arg(long, default_value_t = 1_000_000)]
    rows: u64,
    /// How the table is built
    #[arg(long, value_enum, default_value_t = Shape::Crm)]
    shape: Shape,
    /// How often each contender runs
    #[arg(long, default_value_t = 3)]
    times: u32,
    /// Queries a second of the traffic beside them; 0 for none
    #[arg(long, default_value_t = 400)]
    rate: u32,
    /// Only contenders whose name contains this
    #[arg(long)]
    only: Option<String>,
    /// Write the medians and all runs to this file
    #[arg(long)]
    json: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let words = Words::parse();
    let say = |text: &str| {
        let _ = writeln!(std::io::stdout(), "{text}");
    };
    let settings =
        [("shared_buffers", "1GB"), ("max_wal_size", "8GB"), ("checkpoint_timeout", "30min"), ("autovacuum", "off")];
    let server = Postgres::start(&settings).await?;
    server.create_database("master", None).await?;
    let client = server.connect("master").await?;
    client.batch_execute(&words.shape.schema(words.rows)).await?;
    drop(client);
    let contenders: Vec<Contender> = Contender::all(words.shape, words.rows)
        .into_iter()
        .filter(|contender| words.only.as_ref().is_none_or(|only| contender.name().contains(only)))
        .collect();
    let mut runs = Vec::new();
    for time in 1..=words.times {
        for &contender in &contenders {
            let measured = run(&server, words.shape, words.rows, contender, words.rate).await?;
            say(&format!("{time}/{} {}: {:.0} rows/s", words.times, measured.contender, measured.rows_per_second));
            runs.push(measured);
        }
    }
    let medians = medians(&runs);
    say(&format!("\n{:?}, {} rows, medians of {}:\n\n{}", words.shape, words.rows, words.times, markdown(&medians)));
    if let Some(path) = words.json {
        let report = serde_json::json!({
            "shape": format!("{:?}", words.shape), "rows": words.rows, "times": words.times, "medians": medians, "runs": runs,
        });
        std::fs::write(path, serde_json::to_string_pretty(&report)?)?;
    }
    Ok(())
}
