//! Several faults at places that a seed chooses, beside an application.

use crate::{holds, program};
use concertina_chaos::fault::Schedule;
use concertina_chaos::scenario::histories;
use concertina_chaos::summary::Summary;
use concertina_chaos::trial::Stage;
use rand::SeedableRng;
use rand::rngs::StdRng;

/// Trials of each history.
const TRIALS: u64 = 4;

async fn by_chance(first: usize) {
    let seed: u64 = std::env::var("CONCERTINA_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(1);
    let scenarios = histories().unwrap();
    for scenario in &scenarios[first..first + 3] {
        let mut stage = Stage::set(scenario, program()).await.unwrap();
        let mut all = Summary::default();
        for seed in seed..seed + TRIALS {
            let schedule = Schedule::random(&mut StdRng::seed_from_u64(seed), &stage.passed);
            all += stage.trial(&schedule).await.unwrap();
        }
        holds(&format!("{}, seed {seed}", scenario.shown()), &all);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_of_each_row() {
    by_chance(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_type() {
    by_chance(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn constraints_and_drops() {
    by_chance(6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_name() {
    by_chance(9).await;
}
