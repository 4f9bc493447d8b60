//! The library in a service: revisions at its start, work of its own, progress, and an end when it
//! is asked for.

use crate::fixture::{Site, said};
use concertina::{Failure, Runner};
use concertina_engine::{Error, Event, Rehearse, Settings};
use concertina_planner::Policy;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const LEADS: &str = "CREATE TABLE leads (id bigint PRIMARY KEY, email text, score int);
    INSERT INTO leads SELECT g, 'Lead' || g, g FROM generate_series(1, 60000) g; ANALYZE;";

fn runner(site: &Site, settings: Settings) -> Runner {
    let settings = Settings {
        rehearse: Rehearse::Never,
        ..settings
    };
    Runner::builder(&site.server.url("site"))
        .revision(
            "001_points",
            "ALTER TABLE leads ADD COLUMN points int; UPDATE leads SET points = score * 10 WHERE points IS NULL;",
        )
        .settings(settings)
        .build()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_upgrades_when_it_starts_and_others_wait_for_it() {
    let site = Site::new(LEADS, &[]).await;
    let mut first = runner(&site, Settings::default());
    let second = runner(&site, Settings::default());
    let mut progress = first.progress().unwrap();
    let (one, two) = tokio::join!(first.upgrade(), second.upgrade());
    assert_eq!(one.unwrap().waiting.len() + two.unwrap().waiting.len(), 2);
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM leads WHERE points = score * 10")
            .await,
        60_000
    );
    first.contract().await.unwrap();
    drop(first);
    let mut steps = 0;
    while let Some(event) = progress.recv().await {
        steps += u32::from(matches!(event, Event::StepDone { .. }));
    }
    assert!(steps >= 1, "{steps}");
    second.downgrade("base", &Policy::default()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_stopped_and_gone_on_with_and_leaves_nothing() {
    let site = Site::new(LEADS, &[]).await;
    let sql = "-- concertina: idempotent\nUPDATE leads SET email = lower(email) WHERE email <> lower(email);";
    let slow = runner(
        &site,
        Settings {
            rows_per_second_max: Some(10_000),
            ..Settings::default()
        },
    );
    slow.upgrade().await.unwrap();
    slow.contract().await.unwrap();
    let stopper = slow.stopper();
    let stopped = tokio::spawn(async move { slow.job("lower", sql).await });
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    stopper.stop();
    let stopped = stopped.await.unwrap();
    assert!(
        matches!(stopped, Err(Failure::Engine(Error::Interrupted))),
        "{stopped:?}"
    );
    let done: i64 = site
        .value("SELECT count(*) FROM leads WHERE email = lower(email)")
        .await;
    assert!(done > 0 && done < 60_000, "{done}");
    let again = runner(&site, Settings::default());
    assert!(
        again
            .job(
                "lower",
                "-- concertina: idempotent\nUPDATE leads SET email = upper(email) WHERE email <> upper(email);"
            )
            .await
            .is_err()
    );
    again.job("lower", sql).await.unwrap();
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM leads WHERE email <> lower(email)")
            .await,
        0
    );
    assert_eq!(
        site.value::<i64>("SELECT count(*) FROM concertina.revision WHERE id LIKE 'job%'")
            .await,
        0
    );
    // While one is under way the history goes on.
    again.upgrade().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_runs() {
    let site = Site::new("", &[]).await;
    let example = Path::new(env!("CARGO_BIN_EXE_concertina"))
        .with_file_name("examples")
        .join("service");
    let run = || {
        said(
            &Command::new(&example)
                .env("DATABASE_URL", site.server.url("site"))
                .output()
                .unwrap(),
        )
    };
    run().ends(0).says("ready");
    run().ends(0).says("ready");
}
