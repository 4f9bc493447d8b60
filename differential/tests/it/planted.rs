//! Faults that are planted in plans, with nobody rehearsing them: random cases find each within a
//! number of cases that two processors try in a minute.

use concertina_differential::case::Way;
use concertina_differential::planted::{self, Faults, Hunt};
use concertina_differential::stage::Stage;
use std::sync::Arc;
use std::time::Duration;

/// One of each sort: what is missing, what comes too late, and rows that aren't found or are found
/// twice.
const PLANTED: [&str; 5] = [
    "lost create_index",
    "lost rename_column",
    "late validate",
    "blind backfill assign",
    "greedy backfill assign",
];

/// A case takes a second of a processor.
const CASES_OF_A_MINUTE: u32 = 120;

async fn hunted(faults: &[&str], time: Duration, cases: u32) -> planted::Hunted {
    let stage = Arc::new(Stage::new(&crate::program()).await.unwrap());
    let hunt = Hunt {
        faults: Faults::Named(faults.iter().map(|&name| name.to_owned()).collect()),
        seed: 1,
        time,
        cases,
        at_once: crate::AT_ONCE,
        ways: vec![Way::Plain, Way::Back],
    };
    planted::hunt(stage, hunt).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_planted_is_seen_within_a_minutes_cases() {
    let hunted = hunted(&PLANTED, Duration::from_mins(10), CASES_OF_A_MINUTE).await;
    assert!(hunted.all_seen() && hunted.broken.is_empty(), "{hunted}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_plan_has_a_place_for_is_not_called_seen() {
    let hunted = hunted(&["lost nothing"], Duration::from_mins(10), 4).await;
    assert!(!hunted.all_seen() && hunted.cases > 0, "{hunted}");
    assert!(
        hunted.to_string().contains("NOT TRIED lost nothing"),
        "{hunted}"
    );
}
