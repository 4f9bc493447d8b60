//! `chaos`: trials by chance, one seed after the other, for as long as it may take. The same
//! program is the engine that things happen to.

use clap::{Parser, Subcommand};
use concertina_chaos::Broken;
use concertina_chaos::fault::Schedule;
use concertina_chaos::scenario::{Scenario, histories, systems};
use concertina_chaos::subject::Orders;
use concertina_chaos::summary::Summary;
use concertina_chaos::trial::Stage;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

#[derive(Parser)]
struct Words {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Deals faults by chance until the time is over.
    Run {
        /// How long, in minutes.
        #[arg(long, default_value_t = 10.0)]
        minutes: f64,
        /// The first seed; each trial has the next.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Only this many trials.
        #[arg(long)]
        trials: Option<u64>,
    },
    /// Kills the engine at every point once, each time on a database of its own.
    Exhaustive {
        /// Only what is called so; everything without it.
        name: Option<String>,
    },
    /// Runs revisions: the engine that things happen to.
    #[command(hide = true)]
    Engine(Orders),
}

#[tokio::main]
async fn main() -> ExitCode {
    let ended = match Words::parse().verb {
        Verb::Run {
            minutes,
            seed,
            trials,
        } => run(minutes, seed, trials.unwrap_or(u64::MAX)).await,
        Verb::Exhaustive { name } => exhaustive(name.as_deref()).await,
        Verb::Engine(orders) => orders.obey().await.map(|()| true),
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

fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

async fn exhaustive(name: Option<&str>) -> Result<bool, Broken> {
    let program = std::env::current_exe()?;
    let mut all = Summary::default();
    let scenarios = histories()?.into_iter().chain(systems());
    for scenario in scenarios.filter(|scenario| name.is_none_or(|name| scenario.name == name)) {
        let summary = Stage::set(&scenario, &program)
            .await?
            .killed_at_each_alone()
            .await?;
        for violation in &summary.violations {
            tell(&format!("VIOLATION: {violation}"));
        }
        tell(&format!(
            "{}: scenarios {}, violations {}",
            scenario.shown(),
            summary.scenarios,
            summary.violations.len()
        ));
        all += summary;
    }
    tell(&all.to_string());
    Ok(all.violations.is_empty())
}

/// Trials of a seed each: it chooses the scenario and what happens. True when nothing was violated.
async fn run(minutes: f64, first: u64, trials: u64) -> Result<bool, Broken> {
    let end = Instant::now() + Duration::from_secs_f64(minutes * 60.0);
    let program = std::env::current_exe()?;
    let scenarios: Vec<Scenario> = histories()?.into_iter().chain(systems()).collect();
    let mut stages: Vec<Option<Stage<'_>>> = scenarios.iter().map(|_| None).collect();
    let mut all = Summary::default();
    for seed in first..first.saturating_add(trials) {
        if Instant::now() > end {
            break;
        }
        let mut random = StdRng::seed_from_u64(seed);
        let at = random.random_range(0..scenarios.len());
        let stage = match &mut stages[at] {
            Some(stage) => stage,
            none => none.insert(Stage::set(&scenarios[at], &program).await?),
        };
        let schedule = Schedule::random(&mut random, &stage.passed);
        tell(&format!(
            "seed {seed}: {}: {schedule}",
            scenarios[at].shown()
        ));
        let summary = stage.trial(&schedule).await?;
        for violation in &summary.violations {
            tell(&format!("VIOLATION with seed {seed}: {violation}"));
        }
        all += summary;
    }
    tell(&all.to_string());
    Ok(all.violations.is_empty())
}
