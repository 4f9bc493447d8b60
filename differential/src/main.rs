//! `differential`: random revisions by psql and by Concertina, for as long as it may take; or one
//! case from a file.

use clap::Parser;
use concertina_differential::campaign::{self, Wanted};
use concertina_differential::case::{Head, Way};
use concertina_differential::known::{Fingerprint, Known};
use concertina_differential::planted::{self, Faults, Hunt};
use concertina_differential::stage::Stage;
use concertina_differential::verdict::Verdict;
use concertina_differential::{
    Broken,
    shrink::{self, Shrunk},
};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Run random revisions with psql and with Concertina, and compare the ends.
#[derive(Parser)]
struct Words {
    /// How long new cases are begun, in minutes
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// The seed of the first scene
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// At most this many cases
    #[arg(long, default_value_t = u64::MAX)]
    cases: u64,
    /// Only the case of this seed, as a report names it
    #[arg(long, value_name = "SEED")]
    case: Option<u64>,
    /// Run this case, or all of a folder, instead, and say what comes of it
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// Only these ways, separated by commas: plain, back, scripts, versions, killed, beside, split,
    /// spaced [default: all, plain mostly]
    #[arg(long, value_delimiter = ',')]
    ways: Vec<Way>,
    /// Cases at once
    #[arg(long, default_value_t = 4)]
    at_once: usize,
    /// How long a difference of a new kind is made smaller, in seconds
    #[arg(long, default_value_t = 30)]
    shrink_s: u64,
    /// Write the shrunk cases of new kinds into this folder; with --replay, those that are tried
    /// again
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Differences that are known
    #[arg(long, value_name = "DIR", default_value = "differential/known")]
    known: PathBuf,
    /// The command under test
    #[arg(long, value_name = "FILE", default_value = "target/debug/concertina")]
    program: PathBuf,
    /// Let the program compare its plans with the statements first; a refusal of that which was
    /// none without is a difference
    #[arg(long)]
    rehearse: bool,
    /// Plant these faults in the program's plans, separated by commas, and say how many cases it
    /// takes until each is seen: `lost create_index`, `late rename_column`, `blind backfill
    /// assign`, `greedy backfill assign`, or `each` for every one that there is a place for. The
    /// program has to be built with feature `fault-points`
    #[arg(
        long,
        value_name = "FAULT",
        value_delimiter = ',',
        conflicts_with_all = ["replay", "rehearse", "case", "into"]
    )]
    planted: Vec<String>,
    /// Tell each new difference before it is shrunk
    #[arg(long, short)]
    verbose: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let ended = tokio::select! {
        ended = run(Words::parse()) => ended,
        // The server goes with the runtime.
        () = interrupted() => Err(Broken::File("interrupted".to_owned())),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            tell(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Ctrl-C, or a polite request to end.
async fn interrupted() {
    let Ok(mut terminated) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}

fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

async fn run(words: Words) -> Result<bool, Broken> {
    let program = program(&words.program)?;
    // What can't be read is told before a server is started.
    let read = words.replay.as_ref().unwrap_or(&words.known);
    let _ = if read.is_dir() {
        Known::read(read)?.cases
    } else {
        vec![Known::read_one(read)?]
    };
    let stage = Arc::new(Stage::new(&program).await?.rehearsing(words.rehearse));
    if let Some(path) = &words.replay {
        return match &words.into {
            Some(folder) => again(&stage, path, folder, Duration::from_secs(words.shrink_s)).await,
            None => replay(&stage, path).await,
        };
    }
    if !words.planted.is_empty() {
        return plant(stage, &words).await;
    }
    let known = Arc::new(Known::read(&words.known)?);
    let [plain, back] = [Way::Plain, Way::Back];
    let mostly_plain = vec![
        plain,
        Way::Beside,
        back,
        Way::Scripts,
        plain,
        Way::Split,
        back,
        Way::Versions,
        plain,
        Way::Killed,
        back,
        Way::Spaced,
        plain,
    ];
    let wanted = Wanted {
        seed: words.seed,
        time: Duration::from_secs_f64(words.minutes * 60.0),
        cases: words.cases,
        only: words.case,
        at_once: words.at_once,
        shrinking: Duration::from_secs(words.shrink_s),
        ways: if words.ways.is_empty() {
            mostly_plain
        } else {
            words.ways
        },
        into: words.into.clone(),
        verbose: words.verbose,
    };
    let report = campaign::run(stage, wanted, known, tell).await?;
    print(&report.to_string());
    if words.into.is_none() {
        let new = report
            .kinds
            .values()
            .filter(|kind| !kind.known)
            .filter_map(|kind| kind.file.as_ref());
        new.for_each(|file| print(file));
    }
    Ok(report.all_known())
}

/// Plants faults; true when every one that was named was seen, or with `each` when any was.
async fn plant(stage: Arc<Stage>, words: &Words) -> Result<bool, Broken> {
    let each = words.planted.iter().any(|name| name == "each");
    let hunt = Hunt {
        faults: if each {
            Faults::Each
        } else {
            Faults::Named(words.planted.iter().cloned().collect())
        },
        seed: words.seed,
        time: Duration::from_secs_f64(words.minutes * 60.0),
        cases: u32::try_from(words.cases).unwrap_or(u32::MAX),
        at_once: words.at_once,
        ways: if words.ways.is_empty() {
            // What is for others only differs beside some.
            vec![Way::Plain, Way::Back, Way::Beside]
        } else {
            words.ways.clone()
        },
    };
    let hunted = planted::hunt(stage, hunt).await?;
    print(&hunted.to_string());
    let any = hunted.fates.values().any(|fate| fate.seen.is_some());
    Ok(if each { any } else { hunted.all_seen() })
}

/// The command under test, where it is.
fn program(path: &Path) -> Result<PathBuf, Broken> {
    use std::os::unix::fs::PermissionsExt;
    let remedy = "build it with `cargo build -p concertina-cli`, or name it with --program";
    let no = |why: &str| {
        Broken::File(format!(
            "{}, the command under test: {why}; {remedy}",
            path.display()
        ))
    };
    let found = path
        .canonicalize()
        .map_err(|error| no(&error.to_string()))?;
    let data = found.metadata()?;
    if data.is_file() && data.permissions().mode() & 0o111 != 0 {
        Ok(found)
    } else {
        Err(no("not a program"))
    }
}

/// Tries the cases of a file or a folder, makes those that differ smaller, and writes them into
/// another with what differs now.
async fn again(stage: &Stage, path: &Path, folder: &Path, most: Duration) -> Result<bool, Broken> {
    let cases = if path.is_dir() {
        Known::read(path)?.cases
    } else {
        vec![Known::read_one(path)?]
    };
    std::fs::create_dir_all(folder)?;
    for (path, case, head) in cases {
        let Some(name) = path.file_name() else {
            continue;
        };
        match shrink::verdict(stage, &case).await? {
            Verdict::Differs(difference) => {
                let Shrunk {
                    case, difference, ..
                } = shrink::shrink(stage, case, difference, BTreeSet::new(), most).await?;
                let head = Head {
                    fingerprint: Fingerprint::new(&difference, &case).text(),
                    ..head
                };
                std::fs::write(folder.join(name), campaign::file(&case, &head, &difference))?;
                print(&format!("{}  {}", path.display(), head.fingerprint));
            }
            other => print(&format!("{}  {other}", path.display())),
        }
    }
    Ok(true)
}

/// True when what should come of it did; of a folder, when that is so of every case that is marked
/// as fixed.
async fn replay(stage: &Stage, path: &Path) -> Result<bool, Broken> {
    if !path.is_dir() {
        let (_, case, head) = Known::read_one(path)?;
        let verdict = shrink::verdict(stage, &case).await?;
        print(&verdict.to_string());
        return Ok(head.right.is(&verdict));
    }
    let mut all_well = true;
    for (path, case, head) in Known::read(path)?.cases {
        let verdict = shrink::verdict(stage, &case).await?;
        let right = head.right.is(&verdict);
        let word = match (right, head.fixed) {
            (true, true) => "right",
            (true, false) => "RIGHT NOW: mark it as fixed",
            (false, true) => "WRONG AGAIN",
            (false, false) => "open",
        };
        all_well &= right || !head.fixed;
        let first = verdict.to_string();
        print(&format!(
            "{word}  {}  {}",
            path.display(),
            first.lines().next().unwrap_or_default()
        ));
    }
    Ok(all_well)
}
