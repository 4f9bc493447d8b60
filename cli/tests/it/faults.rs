//! Who notices a wrong plan. Faults are planted in the plans of the corpus, one at a time: a part
//! is lost, comes after the one that follows it, or fills no row, or rows that are done. The page
//! of the book says for each kind of part who noticed; `CONCERTINA_BLESS=1` plants them all and
//! writes it, otherwise a few are planted and compared with the page.

use crate::corpus::{Case, Copied, FAMILIES, cases, tables};
use crate::lifecycle::{as_psql, rows, without_order};
use concertina_engine::{
    Act, Connect, Direction, Engine, NewRun, Objection, Rehearsed, Settings, Until,
};
use concertina_planner::faulty::{Fault, Faulty, faulty};
use concertina_planner::{Catalog, Plan, plan};
use concertina_revisions::{Revision, RevisionId};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many faults of each sort are planted for each kind of part.
const OF_EACH: usize = 1;

/// Faults that are planted in every run of the tests.
const GATE: [(&str, Fault); 5] = [
    ("create_index", Fault::Lost),
    ("backfill assign", Fault::Blind),
    ("set_default", Fault::Lost),
    ("rename_column", Fault::Late),
    ("validate", Fault::Lost),
];

const HEAD: &str = "# Who notices a wrong plan

Made by a test that plants faults in the plans of the [cases](statements.md), one at a time, and hands each plan to the rehearsal.
**lost**: the part is missing. **late**: it comes after the part that follows it. **blind**: the backfill finds no row. **greedy**: it finds
every row, also those that are done.

- *differs*: both databases were compared at the end, and the plan is refused.
- *fails*: PostgreSQL refuses a later part of the plan in the rehearsal, and the plan is refused.
- *left*: the way up is right, and what the way back leaves is reported.
- *same*: run for real, on rows, the plan with the fault ends exactly as psql does. What the part is for is said below.

- *missed*: run for real, the plan with the fault ends otherwise, and the rehearsal doesn't see it. Why is said below.

Any other fault that nobody notices and that ends otherwise fails the test. The rehearsal is alone with its two databases, so it can't notice
what is only for others: how long locks are held, timeouts, the speed of a backfill, and what sync triggers do for concurrent writers. Locks
are checked against the server's own for every step of every case, and concurrent writers in the tests of
[crashes and traffic](reliability.md).

| part | lost | late | blind | greedy |
|---|---|---|---|---|
";

/// What is known of kinds of parts: `others: KIND: ..` says what a part is for whose loss changes
/// nothing where nobody else is; `missed: KIND: ..` why the rehearsal doesn't see a fault that ends
/// otherwise.
const REASONS: &str = "tests/it/wrong_plans.txt";

fn reasons(of: &str) -> Vec<(String, String)> {
    let text =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(REASONS)).unwrap();
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix(of)?.strip_prefix(": ")?.split_once(": "));
    lines
        .map(|(kind, why)| (kind.to_owned(), why.to_owned()))
        .collect()
}

/// How a plan with a fault ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Differs,
    Fails,
    Left,
    Same,
    Missed,
}

impl End {
    fn word(self) -> &'static str {
        match self {
            End::Differs => "differs",
            End::Fails => "fails",
            End::Left => "left",
            End::Same => "same",
            End::Missed => "missed",
        }
    }
}

struct Planted {
    case: &'static Case,
    faulty: Faulty,
}

struct Ground {
    copied: Copied,
    engine: Engine,
    count: AtomicUsize,
}

impl Ground {
    async fn new() -> Ground {
        let copied = Copied::new(&[], &tables(300)).await;
        copied.copy("spare").await;
        let engine = engine(&copied, "tables");
        Ground {
            copied,
            engine,
            count: AtomicUsize::new(0),
        }
    }

    async fn plan_of(&self, case: &Case) -> (Revision, Catalog, Plan) {
        let revision = Revision::from_text(&RevisionId::new("001_change"), case.sql).unwrap();
        let catalog = self.engine.catalog_for(&[&revision]).await.unwrap();
        let plan = plan(&revision, &catalog)
            .unwrap_or_else(|problems| panic!("{}: {problems:?}", case.name));
        (revision, catalog, plan)
    }

    /// Every fault of every case, a few for each kind of part.
    async fn planted(&self, of_each: usize) -> Vec<Planted> {
        let mut counts: BTreeMap<(String, Fault), BTreeSet<&str>> = BTreeMap::new();
        let mut found = Vec::new();
        for (family, _) in FAMILIES {
            for case in cases(family, self.copied.major) {
                let (_, _, plan) = self.plan_of(case).await;
                // What is run as written in one transaction has no parts of ours.
                for faulty in faulty(&plan)
                    .into_iter()
                    .filter(|one| one.kind != "begin_as_written")
                {
                    let cases = counts
                        .entry((faulty.kind.clone(), faulty.fault))
                        .or_default();
                    if cases.len() < of_each && cases.insert(case.name) {
                        found.push(Planted { case, faulty });
                    }
                }
            }
        }
        found
    }

    /// Who noticed; what it did where nobody did.
    async fn end(&self, planted: &Planted) -> Result<End, String> {
        let Planted { case, faulty } = planted;
        let (revision, catalog, _) = self.plan_of(case).await;
        let acts = [Act {
            revision: &revision,
            plan: &faulty.plan,
            direction: Direction::Up,
        }];
        let ground = self.engine.ground(&acts, &catalog).await.unwrap();
        let rehearsed = Box::pin(self.engine.rehearse(&acts, &ground)).await;
        let Rehearsed {
            refused,
            unproven,
            left,
        } = rehearsed.map_err(|error| error.to_string())?.unwrap();
        match refused {
            Some(Objection::Plan { differences, .. })
                if differences[0].starts_with("the plan fails") =>
            {
                Ok(End::Fails)
            }
            Some(Objection::Plan { .. }) => Ok(End::Differs),
            Some(Objection::Statement { message, .. }) => {
                Err(format!("the author's own statement: {message}"))
            }
            None if !unproven.is_empty() => Err(unproven.join("; ")),
            None => match self.in_earnest(case, &revision, &faulty.plan).await {
                Ok(()) if left.is_empty() => Ok(End::Same),
                Ok(()) => Ok(End::Left),
                Err(_)
                    if reasons("missed")
                        .iter()
                        .any(|(kind, _)| *kind == faulty.kind) =>
                {
                    Ok(End::Missed)
                }
                Err(why) => Err(format!("nobody noticed, but {why}")),
            },
        }
    }

    /// Runs the plan on rows, and compares with psql.
    async fn in_earnest(
        &self,
        case: &Case,
        revision: &Revision,
        plan: &Plan,
    ) -> Result<(), String> {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let (here, there) = (format!("here_{count}"), format!("there_{count}"));
        for database in [&here, &there] {
            self.copied
                .server
                .create_database(database, Some("spare"))
                .await
                .map_err(|error| error.to_string())?;
        }
        let naive = self.copied.server.connect(&there).await.unwrap();
        as_psql(&naive, case.sql).await.unwrap();
        let run = NewRun {
            id: &revision.id,
            parents: &[],
            checksum: &revision.checksum,
            direction: Direction::Up,
            plan,
        };
        let engine = engine(&self.copied, &here);
        let mut lease = engine.lease().await.map_err(|error| error.to_string())?;
        lease.begin(&run).await.map_err(|error| error.to_string())?;
        let ended = Box::pin(lease.run(&revision.id, Until::Contracted)).await;
        drop(lease);
        ended.map_err(|error| format!("run for real, it fails: {error}"))?;
        let dump = |database: &str| {
            let dump = self.copied.server.dump_schema(database).unwrap();
            if case.moves {
                without_order(&dump)
            } else {
                dump
            }
        };
        let ours = self.copied.server.connect(&here).await.unwrap();
        let is_same = dump(&here) == dump(&there) && rows(&ours).await == rows(&naive).await;
        drop((ours, naive));
        for database in [&here, &there] {
            self.copied.server.drop_database(database).await.ok();
        }
        if is_same {
            Ok(())
        } else {
            Err("run for real, it ends otherwise than psql".to_owned())
        }
    }
}

fn engine(copied: &Copied, database: &str) -> Engine {
    let connect = Connect::parse(&copied.server.url(database)).unwrap();
    Engine::new(connect, Settings::default(), Arc::new(|_| {})).0
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/wrong_plans.md")
}

type Ends = BTreeMap<String, BTreeMap<Fault, BTreeMap<End, usize>>>;

fn page(ends: &Ends) -> String {
    let mut page = HEAD.to_owned();
    for (kind, faults) in ends {
        let cell = |fault: &Fault| {
            let ends = faults.get(fault).into_iter().flatten();
            let told: Vec<String> = ends
                .map(|(end, count)| format!("{} ({count})", end.word()))
                .collect();
            if told.is_empty() {
                "\u{2014}".to_owned()
            } else {
                told.join(", ")
            }
        };
        let cells: Vec<String> = Fault::ALL.iter().map(cell).collect();
        let _ = writeln!(page, "| `{kind}` | {} |", cells.join(" | "));
    }
    page.push_str("\nWhat the parts are for whose loss changes nothing where nobody else is:\n\n");
    for (kind, what) in reasons("others") {
        let _ = writeln!(page, "- `{kind}`: {what}");
    }
    page.push_str("\nWhat the rehearsal doesn't see, and why:\n\n");
    for (kind, why) in reasons("missed") {
        let _ = writeln!(page, "- `{kind}`: {why}");
    }
    page
}

/// Kinds whose loss nobody notices and nothing says why.
fn unexplained(ends: &Ends) -> Vec<&String> {
    let is_lost = |faults: &BTreeMap<Fault, BTreeMap<End, usize>>| {
        [Fault::Lost, Fault::Blind].iter().any(|fault| {
            faults
                .get(fault)
                .is_some_and(|ends| ends.contains_key(&End::Same))
        })
    };
    let others = reasons("others");
    ends.iter()
        .filter(|(kind, faults)| is_lost(faults) && !others.iter().any(|(known, _)| known == *kind))
        .map(|(kind, _)| kind)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_noticed_or_changes_nothing() {
    let bless = std::env::var_os("CONCERTINA_BLESS").is_some();
    let ground = Ground::new().await;
    let all = ground.planted(OF_EACH).await;
    let kinds: BTreeSet<&str> = all.iter().map(|one| one.faulty.kind.as_str()).collect();
    let there = std::fs::read_to_string(path()).unwrap_or_default();
    let (mut ends, mut holes) = (Ends::new(), Vec::new());
    let in_gate = |one: &Planted| GATE.contains(&(one.faulty.kind.as_str(), one.faulty.fault));
    for planted in all.iter().filter(|one| bless || in_gate(one)) {
        let Faulty {
            kind, fault, step, ..
        } = &planted.faulty;
        match ground.end(planted).await {
            Ok(end) => {
                *ends
                    .entry(kind.clone())
                    .or_default()
                    .entry(*fault)
                    .or_default()
                    .entry(end)
                    .or_default() += 1;
            }
            Err(why) => {
                holes.push(format!(
                    "{kind} {} in {} {step}: {why}",
                    fault.name(),
                    planted.case.name
                ));
            }
        }
    }
    assert!(holes.is_empty(), "{}", holes.join("\n"));
    if bless {
        std::fs::write(path(), page(&ends)).unwrap();
        assert!(
            unexplained(&ends).is_empty(),
            "say what they are for: {:?}",
            unexplained(&ends)
        );
        return;
    }
    // The page is made before PostgreSQL 18, which has parts of its own for NOT NULL.
    if ground.engine.catalog().await.unwrap().server_version >= 180_000 {
        return;
    }
    for kind in kinds {
        assert!(
            there.contains(&format!("| `{kind}` |")),
            "{kind} isn't on the page"
        );
    }
    for (kind, faults) in &ends {
        let row = there
            .lines()
            .find(|line| line.starts_with(&format!("| `{kind}` |")))
            .unwrap();
        let cells: Vec<&str> = row.split('|').map(str::trim).skip(2).collect();
        for (fault, ends) in faults {
            let place = Fault::ALL.iter().position(|one| one == fault).unwrap();
            let told: Vec<String> = ends
                .iter()
                .map(|(end, count)| format!("{} ({count})", end.word()))
                .collect();
            assert_eq!(cells[place], told.join(", "), "{kind} {}", fault.name());
        }
    }
}
