//! Many cases, several at a time, until the time is over.

use crate::Broken;
use crate::case::{Case, Head, Right, Way};
use crate::known::{Fingerprint, Known};
use crate::life;
use crate::make::Scene;
use crate::report::{Kind, Report};
use crate::shrink::{self, Shrunk};
use crate::stage::Stage;
use crate::sweep;
use crate::sweep::CASES_OF_A_SCENE;
use crate::verdict::{Difference, Verdict};
use parking_lot::Mutex;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What is wanted of a run.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The first seed; each scene has the next.
    pub seed: u64,
    /// How long cases are begun.
    pub time: Duration,
    /// At most so many cases.
    pub cases: u64,
    /// Only the case of this seed.
    pub only: Option<u64>,
    /// Several at a time: most of a case is waiting.
    pub at_once: usize,
    /// How long a difference of a new kind is shrunk.
    pub shrinking: Duration,
    /// The ways that cases are run, in turn.
    pub ways: Vec<Way>,
    /// Where the files of new kinds are written as they are found.
    pub into: Option<PathBuf>,
    /// Whether each new difference is told before it is shrunk.
    pub verbose: bool,
}

/// Tries cases by seed.
///
/// # Errors
///
/// When the server can't be talked to at all.
pub async fn run(
    stage: Arc<Stage>,
    wanted: Wanted,
    known: Arc<Known>,
    tell: fn(&str),
) -> Result<Report, Broken> {
    let (began, used) = (Instant::now(), stage.processor_s());
    let shared = Arc::new(Shared {
        stage,
        known,
        end: began + wanted.time,
        next: AtomicU64::new(0),
        report: Mutex::new(Report::default()),
        wanted,
        tell,
    });
    let mut workers = Vec::new();
    for _ in 0..shared.wanted.at_once.max(1) {
        workers.push(tokio::spawn(work(Arc::clone(&shared))));
    }
    for worker in workers {
        // A worker that panicked is a bug of ours, and its cases are missing in the numbers.
        worker
            .await
            .map_err(|error| Broken::File(format!("a worker ended: {error}")))?;
    }
    let mut report = shared.report.lock().clone();
    report.took = began.elapsed();
    report.processor_s = shared
        .stage
        .processor_s()
        .zip(used)
        .map(|(after, before)| after - before);
    Ok(report)
}

struct Shared {
    stage: Arc<Stage>,
    known: Arc<Known>,
    end: Instant,
    next: AtomicU64,
    report: Mutex<Report>,
    wanted: Wanted,
    tell: fn(&str),
}

impl Shared {
    fn report(&self, change: impl FnOnce(&mut Report)) {
        change(&mut self.report.lock());
    }

    fn is_over(&self, scene: u64) -> bool {
        let done = if self.wanted.only.is_some() {
            scene > 0
        } else {
            scene * CASES_OF_A_SCENE >= self.wanted.cases
        };
        Instant::now() > self.end || done
    }
}

async fn work(shared: Arc<Shared>) {
    loop {
        let number = shared.next.fetch_add(1, Ordering::Relaxed);
        if shared.is_over(number) {
            return;
        }
        if let Err(error) = scene(&shared, number).await {
            shared.report(|report| *report.broken.entry(error.to_string()).or_default() += 1);
        }
    }
}

/// All cases of a scene.
async fn scene(shared: &Shared, number: u64) -> Result<(), Broken> {
    let number_of_scene = shared
        .wanted
        .only
        .map_or(shared.wanted.seed + number, |seed| seed / CASES_OF_A_SCENE);
    let first = number_of_scene * CASES_OF_A_SCENE;
    let scene = Scene::random(&shared.stage, first).await?;
    for seed in first..first + CASES_OF_A_SCENE {
        if shared.wanted.only.is_some_and(|only| only != seed) {
            continue;
        }
        let enough = number * CASES_OF_A_SCENE + (seed - first) >= shared.wanted.cases;
        if shared.wanted.only.is_none() && (Instant::now() > shared.end || enough) {
            break;
        }
        if let Err(error) = one(shared, &scene, seed).await {
            shared.report(|report| *report.broken.entry(format!("{error}")).or_default() += 1);
        }
    }
    shared.stage.remove(scene.database).await
}

async fn one(shared: &Shared, scene: &Scene, seed: u64) -> Result<(), Broken> {
    let made = scene.revisions(&shared.stage, seed).await?;
    let way = way(&shared.wanted.ways, seed);
    let case = Case {
        setup: scene.setup.clone(),
        revisions: made.revisions,
        way,
    };
    if case.revisions.iter().all(Vec::is_empty) {
        return shared.stage.remove(made.reference.database).await;
    }
    let judged = life::judge(&shared.stage, scene, &made.reference, &case).await;
    shared.stage.remove(made.reference.database).await?;
    let (verdict, actions) = judged?;
    shared.report(|report| report.count(&verdict, &case, &made.kinds, &actions));
    if let Verdict::Differs(difference) = verdict {
        differs(shared, seed, case, difference).await?;
    }
    Ok(())
}

/// The way of a case, in turn.
fn way(ways: &[Way], seed: u64) -> Way {
    if sweep::is_worth_company(seed) && ways.contains(&Way::Beside) {
        return Way::Beside;
    }
    ways[(seed / CASES_OF_A_SCENE + seed) as usize % ways.len()]
}

/// The kind of a difference: one that is known or was met before, or a new one, shrunk.
async fn differs(
    shared: &Shared,
    seed: u64,
    case: Case,
    difference: Difference,
) -> Result<(), Broken> {
    let print = Fingerprint::new(&difference, &case);
    let open: Vec<Fingerprint> = shared.known.open().collect();
    let mut rest = None;
    shared.report(|report| {
        rest = print.unexplained(open.iter().chain(report.kinds.keys()), false);
        if rest.is_none()
            && let Some((_, kind)) = report
                .kinds
                .iter_mut()
                .find(|(known, _)| !known.is_vague() && known.explains(&print))
        {
            kind.times += 1;
        } else if rest.is_none()
            && let Some(known) = open
                .iter()
                .find(|known| !known.is_vague() && known.explains(&print))
        {
            let kind = Kind {
                known: true,
                ..Kind::first(&difference, seed, case.way)
            };
            drop(report.add(known.clone(), kind, false));
        }
    });
    let Some(rest) = rest else { return Ok(()) };
    if shared.wanted.verbose {
        (shared.tell)(&format!("seed {seed}: {}", print.text()));
    }
    let way = case.way;
    let Shrunk {
        case,
        difference,
        is_smallest,
    } = shrink::shrink(
        &shared.stage,
        case,
        difference,
        rest,
        shared.wanted.shrinking,
    )
    .await?;
    let print = Fingerprint::new(&difference, &case);
    let head = Head {
        fingerprint: print.text(),
        right: Right::AsPsql,
        fixed: false,
    };
    let kind = Kind {
        known: print.unexplained(open.iter(), is_smallest).is_none(),
        is_smallest,
        file: Some(file(&case, &head, &difference)),
        ..Kind::first(&difference, seed, way)
    };
    let folder = shared.wanted.into.as_deref();
    if let (Some(folder), false) = (folder, kind.known) {
        std::fs::create_dir_all(folder)?;
        let text = kind.file.as_deref().unwrap_or_default();
        std::fs::write(folder.join(kind.file_name()), text)?;
    }
    let mut gone = Vec::new();
    shared.report(|report| gone = report.add(print, kind, is_smallest));
    for name in gone.iter().filter_map(|name| Some(folder?.join(name))) {
        // It may never have been written.
        let _ = std::fs::remove_file(name);
    }
    Ok(())
}

/// A case as a file, with what differed below it.
#[must_use]
pub fn file(case: &Case, head: &Head, difference: &Difference) -> String {
    const LINES_MAX: usize = 12;
    let lines = difference
        .details
        .iter()
        .flat_map(|detail| detail.lines())
        .take(LINES_MAX);
    let below: String = lines.map(|line| format!("-- {line}\n")).collect();
    format!("{}{below}", case.file(head))
}
