//! The engine is killed once at every point where an end is unlike the one at another. Of a history
//! each time on a database of its own, with a calm run afterwards; of the systems, whose points are
//! some thousand, one after the other on the same database.

use crate::{holds, program};
use concertina_chaos::fault::Fault;
use concertina_chaos::scenario::{Scenario, histories, systems};
use concertina_chaos::trial::Stage;

fn named(scenarios: Vec<Scenario>, name: &str) -> [Scenario; 3] {
    let found: Vec<Scenario> = scenarios
        .into_iter()
        .filter(|scenario| scenario.name == name)
        .collect();
    found.try_into().ok().expect("up, down and back")
}

async fn alone(name: &str) {
    for scenario in named(histories().unwrap(), name) {
        let mut stage = Stage::set(&scenario, program()).await.unwrap();
        let statements = stage.passed.keys().filter(|point| !point.answered).count();
        assert!(statements > 15, "{statements} statements");
        let summary = stage.killed_at_each_alone().await.unwrap();
        // What is recorded of each step, and each step, at least.
        assert!(summary.scenarios > 8, "{summary}");
        // The application was at work all the time.
        assert!(summary.writes > summary.scenarios * 20, "{summary}");
        holds(&scenario.shown(), &summary);
    }
}

async fn in_a_row(name: &str) {
    for scenario in named(systems(), name) {
        let mut stage = Stage::set(&scenario, program()).await.unwrap();
        let summary = stage.killed_at_each().await.unwrap();
        holds(&scenario.shown(), &summary);
        let points = stage.ends().len();
        // Where nothing waits, taking it back writes nothing.
        let kills = summary
            .faults
            .get(&Fault::Kill)
            .copied()
            .unwrap_or_default();
        assert!(
            kills >= points * 9 / 10,
            "{points} points, {:?}",
            summary.faults
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_of_each_row() {
    alone("a column of each row").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_type() {
    alone("another type of both ends of a key").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn constraints_and_drops() {
    alone("constraints and drops").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_name() {
    alone("another name").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crm() {
    in_a_row("crm").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn devmatrix() {
    in_a_row("devmatrix").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alphapulse() {
    in_a_row("alphapulse").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ecomind() {
    in_a_row("ecomind").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roadmaps() {
    in_a_row("roadmaps").await;
}
