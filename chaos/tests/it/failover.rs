//! The server fails over in the middle of each kind of step: to a standby that has everything, to
//! one that lacks the last statements, and to one that commits have waited for.

use crate::{holds, program};
use concertina_chaos::director::Point;
use concertina_chaos::fault::{Fault, Schedule};
use concertina_chaos::scenario::{Scenario, histories};
use concertina_chaos::subject::Way;
use concertina_chaos::summary::Summary;
use concertina_chaos::trial::Stage;

/// `point`: the first that a calm run passes of those whose name has all of these words.
async fn in_the_middle(history: &str, way: Way, point: &[&str]) {
    let scenarios = histories().unwrap();
    let found = |scenario: &&Scenario| scenario.name == history && scenario.way == way;
    let scenario = scenarios.iter().find(found).unwrap();
    let mut stage = Stage::set(scenario, program()).await.unwrap();
    let is_meant =
        |passed: &&Point| !passed.answered && point.iter().all(|word| passed.name.contains(word));
    let Some(point) = stage.passed.keys().find(is_meant).cloned() else {
        panic!(
            "{:?}",
            stage
                .passed
                .keys()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        );
    };
    let fails_over = Schedule::once(&point, Fault::FailOver);
    let mut all = Summary::default();
    for schedule in [
        Schedule::once(&point, Fault::FailOverBehind),
        fails_over.clone().synchronously(),
        fails_over,
    ] {
        all += stage.trial(&schedule).await.unwrap();
    }
    holds(&format!("{}, {point}", scenario.shown()), &all);
    let failed_over: usize = all.faults.values().sum();
    assert_eq!(failed_over, 3, "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_revision_begins() {
    in_the_middle(
        "a column of each row",
        Way::Up,
        &["recording that", "begins"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_transaction_of_expand() {
    in_the_middle(
        "another type of both ends of a key",
        Way::Up,
        &["expand-", "COMMIT"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_backfill() {
    in_the_middle("a column of each row", Way::Up, &["backfill of", "batch"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_index_build() {
    in_the_middle(
        "a column of each row",
        Way::Up,
        &["backfill-", "CREATE INDEX"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_proof() {
    in_the_middle(
        "constraints and drops",
        Way::Up,
        &["backfill-", "ALTER TABLE"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_sweep() {
    in_the_middle(
        "another type of both ends of a key",
        Way::Up,
        &["counting what is left"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_swap() {
    in_the_middle(
        "another type of both ends of a key",
        Way::Up,
        &["contract-", "COMMIT"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_undo() {
    in_the_middle(
        "another type of both ends of a key",
        Way::Back,
        &["expand-", "COMMIT"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_way_down() {
    in_the_middle("another name", Way::Down, &["COMMIT"]).await;
}
