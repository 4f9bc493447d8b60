//! `differential`: random revisions by psql and by Concertina, for as long as it may take; or one case from a file.

use clap::Parser;
use concertina_differential::campaign::{self, Wanted};
use concertina_differential::case::{Case, Right, Way};
use concertina_differential::known::Known;
use concertina_differential::stage::Stage;
use concertina_differential::verdict::Verdict;
use concertina_differential::{Broken, shrink};
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
    /// Run this case instead, and say what comes of it
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// Only these ways, separated by commas: plain, scripts, versions, killed, beside, split, spaced [default: all, plain mostly]
    #[arg(long, value_delimiter = ',')]
    ways: Vec<Way>,
    /// Cases at once
    #[arg(long, default_value_t = 4)]
    at_once: usize,
    /// How long a difference of a new kind is made smaller, in seconds
    #[arg(long, default_value_t = 30)]
    shrink_s: u64,
    /// Write the shrunk cases of new kinds into this folder
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
    /// Differences that are known
    #[arg(long, value_name = "FOLDER", default_value = "differential/known")]
    known: PathBuf,
    /// The command under test
    #[arg(long, value_name = "FILE", default_value = "target/debug/concertina")]
    program: PathBuf,
    /// Tell each new difference before it is shrunk
    #[arg(long, short)]
    verbose: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Words::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            tell(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

async fn run(words: Words) -> Result<bool, Broken> {
    let program = words.program.canonicalize()?;
    let stage = Arc::new(Stage::new(&program).await?);
    if let Some(file) = &words.replay {
        return replay(&stage, file).await;
    }
    let known = Arc::new(if words.known.is_dir() { Known::read(&words.known)? } else { Known::default() });
    let mostly_plain = vec![
        Way::Plain,
        Way::Beside,
        Way::Plain,
        Way::Scripts,
        Way::Plain,
        Way::Split,
        Way::Plain,
        Way::Versions,
        Way::Plain,
        Way::Killed,
        Way::Plain,
        Way::Spaced,
        Way::Plain,
    ];
    let wanted = Wanted {
        seed: words.seed,
        time: Duration::from_secs_f64(words.minutes * 60.0),
        cases: words.cases,
        at_once: words.at_once,
        shrinking: Duration::from_secs(words.shrink_s),
        ways: if words.ways.is_empty() { mostly_plain } else { words.ways },
        verbose: words.verbose,
    };
    let report = campaign::run(stage, wanted, known, tell).await?;
    print(&report.to_string());
    for (number, (_, kind)) in report.kinds.iter().filter(|(_, kind)| !kind.known).enumerate() {
        let Some(text) = &kind.file else { continue };
        match &words.into {
            Some(folder) => {
                std::fs::create_dir_all(folder)?;
                let name = format!("{}_{}_{number}.sql", kind.manner.name().replace(' ', "_"), kind.seed);
                std::fs::write(folder.join(name), text)?;
            }
            None => print(text),
        }
    }
    Ok(report.all_known())
}

/// True when what should come of it did.
async fn replay(stage: &Stage, file: &Path) -> Result<bool, Broken> {
    let (case, head) = Case::parse(&std::fs::read_to_string(file)?)?;
    let verdict = shrink::verdict(stage, &case).await?;
    match &verdict {
        Verdict::Same => print("the same end as psql's"),
        Verdict::BothRefuse => print("psql refuses it, and so did we"),
        Verdict::Refused { codes } => {
            print(&format!(
                "refused before anything changed: {}",
                codes.iter().cloned().collect::<Vec<_>>().join(", ")
            ));
        }
        Verdict::Differs(difference) => {
            print(&difference.signature());
            difference.details.iter().for_each(|line| print(&format!("  {line}")));
        }
    }
    Ok(match head.right {
        Right::AsPsql => verdict == Verdict::Same,
        Right::Refused => matches!(verdict, Verdict::Refused { .. } | Verdict::BothRefuse),
    })
}
