//! The kinds that differ are known, and what was fixed stays so.
#![allow(
    clippy::unwrap_used,
    reason = "a test that can't go on should end there"
)]

mod faults;
mod planted;

use concertina_differential::campaign::{self, Wanted};
use concertina_differential::case::Way;
use concertina_differential::known::{Fingerprint, Known};
use concertina_differential::shrink;
use concertina_differential::stage::Stage;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Cases that every run of the tests tries, always the same.
const CASES: u64 = 60;

/// So many of them at a time: most of a case is waiting.
const AT_ONCE: usize = 4;

/// With this the command plants faults in its plans when it is told to.
const FAULTS: &str = "concertina/fault-points";

fn known() -> Known {
    Known::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("known")).unwrap()
}

/// The command under test, beside which this test was built; alone, this crate's tests don't build
/// it.
fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let program = own
        .parent()
        .and_then(Path::parent)
        .unwrap()
        .join("concertina");
    if !program.is_file() {
        let built = Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "-p",
                "concertina-cli",
                "--features",
                FAULTS,
            ])
            .status()
            .unwrap();
        assert!(built.success());
    }
    program
}

#[test]
fn every_known_file_says_what_its_case_is() {
    let known = known();
    assert!(!known.cases.is_empty());
    let mut wrong = Vec::new();
    for (path, case, head) in &known.cases {
        let print = Fingerprint::parse(&head.fingerprint).unwrap();
        assert_eq!(print.text(), head.fingerprint, "{}", path.display());
        // What differs is the run's to say; the statements and the setup are the file's.
        let own = print.of(case).text();
        if own != head.fingerprint {
            wrong.push(format!("{}:\n{own}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_fixed_stays_fixed() {
    let stage = Arc::new(Stage::new(&program()).await.unwrap());
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for (path, case, head) in known().cases.into_iter().filter(|(_, _, head)| head.fixed) {
        let (stage, room) = (Arc::clone(&stage), Arc::clone(&room));
        running.spawn(async move {
            let _place = room.acquire().await.unwrap();
            let verdict = shrink::verdict(&stage, &case).await.unwrap();
            (!head.right.is(&verdict)).then(|| format!("{}: {verdict}", path.display()))
        });
    }
    let wrong: Vec<String> = running.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_differs_in_a_new_way() {
    let stage = Arc::new(Stage::new(&program()).await.unwrap());
    let wanted = Wanted {
        seed: 1,
        time: Duration::from_mins(15),
        cases: CASES,
        only: None,
        at_once: AT_ONCE,
        // Only of those that differ; a slow machine gets to the end of it, too.
        shrinking: Duration::from_mins(3),
        // The others depend on moments.
        ways: vec![
            Way::Plain,
            Way::Scripts,
            Way::Plain,
            Way::Versions,
            Way::Plain,
            Way::Split,
            Way::Plain,
            Way::Spaced,
        ],
        into: None,
        verbose: false,
    };
    let report = campaign::run(stage, wanted, Arc::new(known()), |_| {})
        .await
        .unwrap();
    assert!(report.broken.is_empty(), "{report}");
    // For some seeds nothing is found that may be said.
    assert!(u64::from(report.cases) > CASES * 3 / 4, "{report}");
    let new = report
        .kinds
        .values()
        .filter(|kind| !kind.known)
        .filter_map(|kind| kind.file.as_deref());
    let new: Vec<&str> = new.collect();
    assert!(new.is_empty(), "{report}\n{}", new.join("\n"));
}
