//! `./dev bench matrix`: Concertina as it is by default against the best peer there is, in all
//! kinds of surroundings.

use clap::Parser;
use concertina_benches::Result;
use concertina_benches::contender::{Contender, installed, versions};
use concertina_benches::plot::{Heat, heat};
use concertina_benches::run::{Around, Measured, run};
use concertina_benches::shape::Shape;
use concertina_benches::table::medians;
use concertina_sandbox::Postgres;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Rates and latencies against the best peer, in all kinds of surroundings.
#[derive(Debug, Parser)]
struct Words {
    /// Rows of the table
    #[arg(long, default_value_t = 300_000)]
    rows: u64,
    /// How the tables are built
    #[arg(long, value_enum, default_values_t = [Shape::Crm, Shape::Narrow, Shape::Manyindex])]
    shape: Vec<Shape>,
    /// How often each contender runs in each cell
    #[arg(long, default_value_t = 1)]
    times: u32,
    /// Queries a second of the traffic, where there is some
    #[arg(long, default_value_t = 800)]
    rate: u32,
    /// Write all cells to this file
    #[arg(long)]
    json: Option<PathBuf>,
    /// Draw the rates as a heat table into this file
    #[arg(long)]
    svg: Option<PathBuf>,
}

/// What is slow about a server's disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disk {
    /// Nothing.
    Fast,
    /// Each flush of a commit waits for five milliseconds.
    Slow,
}

/// One kind of surroundings.
#[derive(Debug, Clone, Copy)]
struct Setting {
    name: &'static str,
    traffic: bool,
    writes: bool,
    disk: Disk,
    busy: usize,
}

const SETTINGS: [Setting; 5] = [
    Setting {
        name: "alone",
        traffic: false,
        writes: false,
        disk: Disk::Fast,
        busy: 0,
    },
    Setting {
        name: "beside reads",
        traffic: true,
        writes: false,
        disk: Disk::Fast,
        busy: 0,
    },
    Setting {
        name: "beside writes",
        traffic: true,
        writes: true,
        disk: Disk::Fast,
        busy: 0,
    },
    Setting {
        name: "beside writes, flushes of 5 ms",
        traffic: true,
        writes: true,
        disk: Disk::Slow,
        busy: 0,
    },
    Setting {
        name: "beside writes, cores busy",
        traffic: true,
        writes: true,
        disk: Disk::Fast,
        busy: 2,
    },
];

/// From who works to the server and back, in milliseconds.
const WAYS_MS: [f64; 3] = [0.0, 0.5, 5.0];

/// A rate that is worth its colour: twice the peer's is the least that is promised.
const GOOD: f64 = 4.0;

/// What a cell gave.
#[derive(Debug, Serialize, Deserialize)]
struct Cell {
    shape: String,
    setting: String,
    way_ms: f64,
    ours: Measured,
    peer: Measured,
}

impl Cell {
    fn rate(&self) -> f64 {
        self.ours.rows_per_second / self.peer.rows_per_second
    }

    fn text(&self) -> String {
        if self.is_felt() {
            format!(
                "{:.1}x, p99 {:.1} / {:.1}",
                self.rate(),
                self.ours.p99_ms,
                self.peer.p99_ms
            )
        } else {
            format!("{:.1}x", self.rate())
        }
    }

    /// Whether there was traffic.
    fn is_felt(&self) -> bool {
        self.peer.p99_ms > 0.0
    }

    fn name(&self) -> String {
        format!("{}, {}", self.shape, self.setting)
    }
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Makes a server's flushes slow, or fast again. Source: `commit_delay` in PostgreSQL's manual,
/// which also waits where nobody else commits once `commit_siblings` is 0.
async fn flushes(server: &Postgres, disk: Disk) -> Result<()> {
    let delay = match disk {
        Disk::Fast => "0",
        Disk::Slow => "5000",
    };
    let client = server.connect("postgres").await?;
    for (name, value) in [("commit_siblings", "0"), ("commit_delay", delay)] {
        client
            .batch_execute(&format!("ALTER SYSTEM SET {name} = {value}"))
            .await?;
    }
    client.batch_execute("SELECT pg_reload_conf()").await?;
    Ok(())
}

/// The faster one of the peers that there are; what fails is told.
async fn measure(
    server: &Postgres,
    words: &Words,
    shape: Shape,
    around: Around,
) -> Result<Option<(Measured, Measured)>> {
    let mut peers = vec![Contender::PgrollShape];
    peers.extend(
        [Contender::Pgroll, Contender::Reshape]
            .into_iter()
            .filter(|peer| installed(&peer.name().to_lowercase())),
    );
    let mut runs = Vec::new();
    for _ in 0..words.times {
        for &contender in peers.iter().chain([&Contender::Default]) {
            match run(server, shape, words.rows, contender, around).await {
                Ok(measured) => runs.push(measured),
                Err(error) => say(&format!("{} failed: {error}", contender.name())),
            }
        }
    }
    let (ours, peers): (Vec<_>, Vec<_>) = medians(&runs)
        .into_iter()
        .partition(|one| one.contender == Contender::Default.name());
    // A replay isn't a program that anybody runs: it stands in only where no peer is at hand.
    let (replayed, real): (Vec<_>, Vec<_>) = peers
        .into_iter()
        .partition(|one| one.contender == Contender::PgrollShape.name());
    let fastest = |of: Vec<Measured>| {
        of.into_iter()
            .max_by(|a, b| a.rows_per_second.total_cmp(&b.rows_per_second))
    };
    Ok(ours
        .into_iter()
        .next()
        .zip(fastest(real).or_else(|| replayed.into_iter().next())))
}

async fn cells(words: &Words) -> Result<Vec<Cell>> {
    let settings = [
        ("shared_buffers", "1GB"),
        ("max_wal_size", "8GB"),
        ("checkpoint_timeout", "30min"),
        ("autovacuum", "off"),
    ];
    let server = Postgres::start(&settings).await?;
    let mut cells = Vec::new();
    for &shape in &words.shape {
        let admin = server.connect("postgres").await?;
        admin
            .batch_execute("DROP DATABASE IF EXISTS master WITH (FORCE)")
            .await?;
        server.create_database("master", None).await?;
        server
            .connect("master")
            .await?
            .batch_execute(&shape.schema(words.rows))
            .await?;
        for setting in SETTINGS {
            flushes(&server, setting.disk).await?;
            for way_ms in WAYS_MS {
                let way = Duration::from_secs_f64(way_ms / 1_000.0);
                let rate = if setting.traffic { words.rate } else { 0 };
                let around = Around {
                    rate,
                    writes: setting.writes,
                    way,
                    busy: setting.busy,
                };
                let Some((ours, peer)) = measure(&server, words, shape, around).await? else {
                    continue;
                };
                let shape = format!("{shape:?}").to_lowercase();
                let cell = Cell {
                    shape,
                    setting: setting.name.to_owned(),
                    way_ms,
                    ours,
                    peer,
                };
                say(&format!(
                    "{}, {way_ms} ms: {} ({})",
                    cell.name(),
                    cell.text(),
                    cell.peer.contender
                ));
                cells.push(cell);
            }
        }
    }
    Ok(cells)
}

/// The table in Markdown, and the same as a picture.
fn show(words: &Words, cells: &[Cell]) -> Result<()> {
    let columns: Vec<String> = WAYS_MS.iter().map(|way| format!("{way} ms away")).collect();
    let mut names: Vec<String> = cells.iter().map(Cell::name).collect();
    names.dedup();
    let at = |name: &str, way: f64| {
        cells
            .iter()
            .find(|cell| cell.name() == name && (cell.way_ms - way).abs() < 1e-9)
    };
    say(&format!(
        "\n| | {} |\n|{}",
        columns.join(" | "),
        "---|".repeat(columns.len() + 1)
    ));
    let mut rows = Vec::new();
    for name in names {
        let of_row: Vec<Heat> = WAYS_MS
            .iter()
            .map(|&way| {
                let cell = at(&name, way);
                let good = cell.map_or(0.0, |cell| (cell.rate() - 1.0) / (GOOD - 1.0));
                Heat {
                    text: cell.map_or_else(|| "-".to_owned(), Cell::text),
                    good,
                }
            })
            .collect();
        let texts: Vec<&str> = of_row.iter().map(|cell| cell.text.as_str()).collect();
        say(&format!("| {name} | {} |", texts.join(" | ")));
        rows.push((name, of_row));
    }
    if let Some(worst) = cells.iter().min_by(|a, b| a.rate().total_cmp(&b.rate())) {
        say(&format!(
            "\nThe worst rate: {}, {} ms away: {}",
            worst.name(),
            worst.way_ms,
            worst.text()
        ));
    }
    let longer = |cell: &Cell| cell.ours.p99_ms - cell.peer.p99_ms;
    if let Some(worst) = cells
        .iter()
        .filter(|cell| cell.is_felt())
        .max_by(|a, b| longer(a).total_cmp(&longer(b)))
    {
        say(&format!(
            "The worst p99: {}, {} ms away: {}",
            worst.name(),
            worst.way_ms,
            worst.text()
        ));
    }
    match &words.svg {
        Some(path) => heat(
            path,
            "rate as a multiple of the best peer's, and both p99 in ms",
            &columns,
            &rows,
        ),
        None => Ok(()),
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let words = Words::parse();
    versions().iter().for_each(|version| say(version));
    let cells = cells(&words).await?;
    show(&words, &cells)?;
    if let Some(path) = &words.json {
        std::fs::write(path, serde_json::to_string_pretty(&cells)?)?;
    }
    Ok(())
}
