//! Faults that are planted in plans, and how many cases it takes until each is seen. The program
//! plants them itself, where it is built with feature `fault-points`: this is what tests the tests.

use crate::Broken;
use crate::case::{Case, Way};
use crate::known::Fingerprint;
use crate::life;
use crate::make::{Made, Scene};
use crate::program::Site;
use crate::stage::Stage;
use crate::sweep::CASES_OF_A_SCENE;
use crate::verdict::Verdict;
use parking_lot::Mutex;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The variable by which the program is told which fault to plant.
pub const VARIABLE: &str = "CONCERTINA_PLANTED";

/// What is planted where all faults are wanted: a part is missing, or comes after the next one.
const OF_PARTS: [&str; 2] = ["lost", "late"];

/// The same for a backfill, which may also find no row, or every row.
const OF_BACKFILLS: [&str; 4] = ["lost", "late", "blind", "greedy"];

/// So many faults are tried in one case where all are wanted, those first that were tried the
/// least: other cases have other statements.
const OF_A_CASE: usize = 3;

/// Which faults are planted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Faults {
    /// Those of these names: what is wrong, and the kind of the part, such as `lost create_index`.
    Named(BTreeSet<String>),
    /// Every one that a plan has a place for.
    Each,
}

/// What is wanted of a hunt.
#[derive(Debug, Clone)]
pub struct Hunt {
    /// The faults.
    pub faults: Faults,
    /// The first seed; each scene has the next.
    pub seed: u64,
    /// How long cases are begun.
    pub time: Duration,
    /// So many cases are looked at, and those that are under way then.
    pub cases: u32,
    /// Cases at a time.
    pub at_once: usize,
    /// The ways that cases are run, in turn.
    pub ways: Vec<Way>,
}

/// How a fault was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The seed of the case.
    pub seed: u64,
    /// The way it was run.
    pub way: Way,
    /// How many cases had been looked at by then.
    pub cases: u32,
    /// After so long.
    pub after: Duration,
    /// What differed.
    pub difference: String,
}

/// What came of a fault.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fate {
    /// In how many cases it was planted, as long as it wasn't seen.
    pub tried: u32,
    /// The first case that differed because of it.
    pub seen: Option<Seen>,
}

/// What came of a hunt.
#[derive(Debug, Clone, Default)]
pub struct Hunted {
    /// Cases that were looked at.
    pub cases: u32,
    /// By fault.
    pub fates: BTreeMap<String, Fate>,
    /// Cases that couldn't be tried, with the reason.
    pub broken: BTreeMap<String, u32>,
    /// How long it took.
    pub took: Duration,
}

impl Hunted {
    /// Whether every fault was seen, and there was one.
    #[must_use]
    pub fn all_seen(&self) -> bool {
        !self.fates.is_empty() && self.fates.values().all(|fate| fate.seen.is_some())
    }
}

impl fmt::Display for Hunted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = self.fates.values().filter(|fate| fate.seen.is_some());
        writeln!(
            f,
            "cases {} in {} s; faults planted {}, seen {}",
            self.cases,
            self.took.as_secs(),
            self.fates.len(),
            seen.count()
        )?;
        for (fault, fate) in &self.fates {
            match &fate.seen {
                Some(seen) => writeln!(
                    f,
                    "  seen      {fault}: after {} cases, {} of them with the fault, and {} s: {} (--case {} --ways {})",
                    seen.cases,
                    fate.tried,
                    seen.after.as_secs(),
                    seen.difference,
                    seen.seed,
                    seen.way.name()
                )?,
                None if fate.tried == 0 => writeln!(
                    f,
                    "  NOT TRIED {fault}: no plan had a place for it, or the program is built without feature `fault-points`"
                )?,
                None => writeln!(
                    f,
                    "  NOT SEEN  {fault}: in {} cases with the fault",
                    fate.tried
                )?,
            }
        }
        for (why, times) in &self.broken {
            writeln!(f, "  couldn't be tried, {times} times: {why}")?;
        }
        Ok(())
    }
}

/// Plants faults in the plans of random cases until each is seen or the time is over.
///
/// # Errors
///
/// When a worker ends before its time.
pub async fn hunt(stage: Arc<Stage>, hunt: Hunt) -> Result<Hunted, Broken> {
    let began = Instant::now();
    let mut hunted = Hunted::default();
    if let Faults::Named(names) = &hunt.faults {
        hunted.fates = names
            .iter()
            .map(|name| (name.clone(), Fate::default()))
            .collect();
    }
    let shared = Arc::new(Shared {
        stage,
        began,
        next: AtomicU64::new(0),
        hunted: Mutex::new(hunted),
        hunt,
    });
    let mut workers = Vec::new();
    for _ in 0..shared.hunt.at_once.max(1) {
        let shared = Arc::clone(&shared);
        workers.push(tokio::spawn(async move { shared.work().await }));
    }
    for worker in workers {
        worker
            .await
            .map_err(|error| Broken::File(format!("a worker ended: {error}")))?;
    }
    let mut hunted = shared.hunted.lock().clone();
    hunted.took = began.elapsed();
    Ok(hunted)
}

struct Shared {
    stage: Arc<Stage>,
    hunt: Hunt,
    began: Instant,
    next: AtomicU64,
    hunted: Mutex<Hunted>,
}

impl Shared {
    fn is_over(&self) -> bool {
        let named = matches!(self.hunt.faults, Faults::Named(_));
        let hunted = self.hunted.lock();
        let enough = hunted.cases >= self.hunt.cases || named && hunted.all_seen();
        enough || self.began.elapsed() > self.hunt.time
    }

    async fn work(&self) {
        while !self.is_over() {
            let number = self.hunt.seed + self.next.fetch_add(1, Ordering::Relaxed);
            if let Err(error) = self.scene(number).await {
                self.broke(&error);
            }
        }
    }

    fn broke(&self, error: &Broken) {
        let mut hunted = self.hunted.lock();
        *hunted.broken.entry(error.to_string()).or_default() += 1;
    }

    async fn scene(&self, number: u64) -> Result<(), Broken> {
        let first = number * CASES_OF_A_SCENE;
        let scene = Scene::random(&self.stage, first).await?;
        for seed in first..first + CASES_OF_A_SCENE {
            if self.is_over() {
                break;
            }
            if let Err(error) = self.case(&scene, seed).await {
                self.broke(&error);
            }
        }
        self.stage.remove(scene.database).await
    }

    async fn case(&self, scene: &Scene, seed: u64) -> Result<(), Broken> {
        let made = scene.revisions(&self.stage, seed).await?;
        let way = self.hunt.ways[(seed / CASES_OF_A_SCENE + seed) as usize % self.hunt.ways.len()];
        let case = Case {
            setup: scene.setup.clone(),
            revisions: made.revisions.clone(),
            way,
        };
        let tried = if made.reference.failed.is_some() || case.revisions.iter().all(Vec::is_empty) {
            Ok(())
        } else {
            self.faults_of(scene, &made, &case, seed).await
        };
        self.stage.remove(made.reference.database).await?;
        tried
    }

    async fn faults_of(
        &self,
        scene: &Scene,
        made: &Made,
        case: &Case,
        seed: u64,
    ) -> Result<(), Broken> {
        let database = self.stage.copy(&scene.database).await?;
        let site = Site::new(
            self.stage.program(),
            &self.stage.url(&database),
            &case.files(),
            case.way == Way::Versions,
        )?;
        let words = ["plan", "--json"];
        let plan = site.run(&words).await?.out;
        self.hunted.lock().cases += 1;
        let mut planted = Vec::new();
        for fault in self.wanted(&plan) {
            if planted.len() == OF_A_CASE {
                break;
            }
            let site = site.again().planting(Some(&fault));
            if site.run(&words).await?.out != plan {
                planted.push(fault);
            }
        }
        self.stage.remove(database).await?;
        for fault in planted {
            self.one(scene, made, case, seed, fault).await?;
        }
        Ok(())
    }

    /// The faults that weren't seen yet and that this plan may have a place for.
    fn wanted(&self, plan: &str) -> Vec<String> {
        let hunted = self.hunted.lock();
        let all: Vec<String> = match &self.hunt.faults {
            Faults::Named(names) => names.iter().cloned().collect(),
            Faults::Each => places(plan).into_iter().collect(),
        };
        let fate = |fault: &String| hunted.fates.get(fault).cloned().unwrap_or_default();
        let mut open: Vec<(u32, String)> = all
            .into_iter()
            .filter(|fault| fate(fault).seen.is_none())
            .map(|fault| (fate(&fault).tried, fault))
            .collect();
        open.sort();
        open.into_iter().map(|(_, fault)| fault).collect()
    }

    /// Runs a case with a fault. What differs without it as well isn't the fault's.
    async fn one(
        &self,
        scene: &Scene,
        made: &Made,
        case: &Case,
        seed: u64,
        fault: String,
    ) -> Result<(), Broken> {
        let judge = |fault| life::judge_planted(&self.stage, scene, &made.reference, case, fault);
        let (verdict, _) = judge(Some(fault.as_str())).await?;
        let mut difference = None;
        if let Verdict::Differs(found) = verdict
            && !matches!(judge(None).await?.0, Verdict::Differs(_))
        {
            let print = Fingerprint::new(&found, case).text();
            let what = print.split(" <- ").next().unwrap_or_default();
            difference = Some(what.to_owned());
        }
        let mut hunted = self.hunted.lock();
        let cases = hunted.cases;
        let fate = hunted.fates.entry(fault).or_default();
        if fate.seen.is_some() {
            // Another worker was faster.
            return Ok(());
        }
        fate.tried += 1;
        fate.seen = difference.map(|difference| Seen {
            seed,
            way: case.way,
            cases,
            after: self.began.elapsed(),
            difference,
        });
        Ok(())
    }
}

/// The faults that a plan has places for, as far as the kinds of its parts tell.
fn places(plan: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for event in plan.lines() {
        if let Ok(value) = serde_json::from_str::<Value>(event) {
            gather(&value["plans"], &mut found);
        }
    }
    found
}

fn gather(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| gather(one, found)),
        Value::Object(fields) => {
            if let Some(part) = fields.get("do").and_then(Value::as_str) {
                found.extend(OF_PARTS.map(|fault| format!("{fault} {part}")));
            }
            let operation = match fields.get("operation") {
                Some(Value::String(name)) => Some(name),
                Some(Value::Object(tagged)) => tagged.keys().next(),
                _ => None,
            };
            if let Some(name) = operation {
                found.extend(OF_BACKFILLS.map(|fault| format!("{fault} backfill {name}")));
            }
            fields.values().for_each(|one| gather(one, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_of_a_plan_are_its_parts_and_its_backfills() {
        let plan = r#"{"plans":[{"expand":[{"work":{"actions":[{"do":"add_column"}]}}],
            "backfill":[{"work":{"backfill":{"operation":{"assign":[]}}}},{"work":{"backfill":{"operation":"delete"}}}]}]}"#;
        let found = places(&plan.replace('\n', " "));
        for fault in [
            "lost add_column",
            "late add_column",
            "blind backfill assign",
            "greedy backfill delete",
        ] {
            assert!(found.contains(fault), "{fault}: {found:?}");
        }
        assert_eq!(found.len(), 10);
    }

    #[test]
    fn nothing_planted_is_nothing_seen() {
        let mut hunted = Hunted::default();
        assert!(!hunted.all_seen());
        hunted.fates.insert("lost x".to_owned(), Fate::default());
        assert!(!hunted.all_seen());
        assert!(hunted.to_string().contains("NOT TRIED lost x"));
    }
}
