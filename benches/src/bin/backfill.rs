//! `./dev bench backfill`: fills a column of a table, everyone in turn, on the same data under the
//! same traffic.

use clap::Parser;
use concertina_benches::Result;
use concertina_benches::contender::{Contender, versions};
use concertina_benches::plot::bars;
use concertina_benches::run::{Around, Measured, run};
use concertina_benches::shape::Shape;
use concertina_benches::table::{markdown, medians};
use concertina_sandbox::Postgres;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};

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
    #[arg(long, default_value_t = 800)]
    rate: u32,
    /// Milliseconds from who works to the server and back; the traffic stays near by
    #[arg(long, default_value_t = 0.0)]
    way_ms: f64,
    /// Only contenders whose name contains this; may be given several times
    #[arg(long)]
    only: Vec<String>,
    /// Write the medians and all runs to this file
    #[arg(long)]
    json: Option<PathBuf>,
    /// Draw pictures of the medians into this folder
    #[arg(long)]
    svg: Option<PathBuf>,
    /// Measure nothing, and draw what this file has
    #[arg(long, requires = "svg")]
    from: Option<PathBuf>,
}

/// What is kept of a bench.
#[derive(Debug, Serialize, Deserialize)]
struct Report {
    shape: String,
    rows: u64,
    times: u32,
    medians: Vec<Measured>,
    runs: Vec<Measured>,
}

fn draw(folder: &Path, shape: Shape, rows: u64, medians: &[Measured]) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let name = format!("{shape:?}").to_lowercase();
    let title = |what: &str| format!("{what}, shape {name}, {rows} rows");
    let file = |what: &str| folder.join(format!("{name}_{what}.svg"));
    bars(
        &file("rate"),
        &title("rows a second beside the traffic"),
        medians,
        |one| one.rows_per_second,
        "rows/s",
    )?;
    bars(
        &file("heap"),
        &title("size of the table after"),
        medians,
        |one| one.heap_growth,
        "times",
    )?;
    bars(
        &file("wal"),
        &title("WAL"),
        medians,
        |one| one.wal_bytes_per_row,
        "bytes a row",
    )?;
    bars(
        &file("p99"),
        &title("p99 of the traffic (the first, in seconds, left out)"),
        &medians[1..],
        |one| one.p99_ms,
        "ms",
    )
}

#[tokio::main]
async fn main() -> Result<()> {
    let words = Words::parse();
    let settings = [
        ("shared_buffers", "1GB"),
        ("max_wal_size", "8GB"),
        ("checkpoint_timeout", "30min"),
        ("autovacuum", "off"),
    ];
    if let (Some(file), Some(folder)) = (&words.from, &words.svg) {
        let report: Report = serde_json::from_str(&std::fs::read_to_string(file)?)?;
        say(&markdown(&report.medians));
        return draw(folder, words.shape, report.rows, &report.medians);
    }
    let server = Postgres::start(&settings).await?;
    server.create_database("master", None).await?;
    let client = server.connect("master").await?;
    client
        .batch_execute(&words.shape.schema(words.rows))
        .await?;
    drop(client);
    let is_wanted = |contender: &Contender| {
        let mut only = words.only.iter();
        words.only.is_empty() || only.any(|only| contender.name().contains(only))
    };
    let mut contenders = Contender::all(words.shape, words.rows);
    contenders.retain(is_wanted);
    let way = std::time::Duration::from_secs_f64(words.way_ms / 1_000.0);
    let around = Around {
        rate: words.rate,
        writes: true,
        way,
        busy: 0,
    };
    versions().iter().for_each(|version| say(version));
    let runs = measured(&server, &words, &contenders, around).await?;
    let medians = medians(&runs);
    say(&format!(
        "\n{:?}, {} rows, medians of {}:\n\n{}",
        words.shape,
        words.rows,
        words.times,
        markdown(&medians)
    ));
    if let Some(folder) = &words.svg {
        draw(folder, words.shape, words.rows, &medians)?;
    }
    if let Some(path) = words.json {
        let report = Report {
            shape: format!("{:?}", words.shape),
            rows: words.rows,
            times: words.times,
            medians,
            runs,
        };
        std::fs::write(path, serde_json::to_string_pretty(&report)?)?;
    }
    Ok(())
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Each contender as often as wanted, in turns. A peer that fails is left out.
async fn measured(
    server: &Postgres,
    words: &Words,
    contenders: &[Contender],
    around: Around,
) -> Result<Vec<Measured>> {
    let mut runs = Vec::new();
    for time in 1..=words.times {
        for &contender in contenders {
            let measured = match run(server, words.shape, words.rows, contender, around).await {
                Ok(measured) => measured,
                Err(error) if contender.is_a_peer() => {
                    say(&format!(
                        "{time}/{} {} failed: {error}",
                        words.times,
                        contender.name()
                    ));
                    continue;
                }
                Err(error) => return Err(error),
            };
            say(&format!(
                "{time}/{} {}: {:.0} rows/s",
                words.times, measured.contender, measured.rows_per_second
            ));
            runs.push(measured);
        }
    }
    Ok(runs)
}
