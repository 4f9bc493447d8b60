//! The latency of a cheap query of the table while the backfill works, against the same query while
//! it holds its breath: what the application feels, without asking the application.
//!
//! A baseline taken once grows stale: the load of an afternoon is not the morning's, and on a
//! shared machine the latency drifts by more than any budget within a minute. So in every second
//! the workers stand still for a moment, and the baseline is made of the probes of the newest such
//! moments.

use super::{Question, Seen, Signal, Verdict};

use crate::config::Settings;
use crate::connection::address::Connect;
use crate::connection::session::{Role, Session};
use crate::error::Error;
use crate::tid::Tid;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio_postgres::Statement;

/// Between two probes.
const EVERY: Duration = Duration::from_millis(4);
/// Work between two breaths.
const WORK: Duration = Duration::from_millis(800);
/// A breath: the first probes of it don't count, as the work before still echoes.
const BREATH: Duration = Duration::from_millis(200);
const ECHO: Duration = Duration::from_millis(30);
/// Probes that the baseline and the judgement are made of.
const KEPT: usize = 600;
/// Fewer probes of the work say nothing.
const FEWEST: usize = 150;
/// What is compared is the mean of the slow probes, without the very slowest: it sees the tail that
/// customers feel, and is steadier than a percentile of so few.
const SLOW: Range<f64> = 0.90..0.99;
/// What nobody can tell from chance on a busy machine: a budget is never less. A share of next to
/// nothing would be.
const LEAST_ALLOWED: Duration = Duration::from_micros(300);
const PROBING: &str = "measuring how long queries take";
/// After a lost connection.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// From so many times the budget on, others are harmed.
const HARM: f64 = 30.0;
/// Below that, the most that the latency presses.
const PRESSURE_MAX: f64 = 2.0;

/// Probes the server, and keeps the newest latencies of both kinds.
#[derive(Clone)]
pub(crate) struct Prober {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    breath: AtomicBool,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    still: VecDeque<Duration>,
    working: VecDeque<Duration>,
}

impl Prober {
    /// Takes a first baseline, which needs about three seconds, and then probes for as long as someone keeps the prober.
    /// `sql` reads the row at position `$1`, somewhere in the first `blocks`.
    ///
    /// The probes have a thread of their own: on the runtime that the workers share their moments would fall together
    /// with the batches' by the timer's grain, and the prober would see itself.
    ///
    /// # Errors
    ///
    /// When the database can't be reached or a probe fails.
    pub(crate) async fn start(
        connect: Connect,
        settings: Settings,
        sql: String,
        blocks: i64,
    ) -> Result<Prober, Error> {
        let shared = Arc::new(Shared::default());
        let kept = Arc::clone(&shared);
        let (tell, told) = oneshot::channel();
        let began = std::thread::Builder::new()
            .name("concertina probe".to_owned())
            .spawn(move || {
                match tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                {
                    Ok(runtime) => {
                        runtime.block_on(probe(&connect, &settings, &sql, blocks, kept, tell));
                    }
                    Err(error) => {
                        drop(tell.send(Err(Error::State(format!("starting to probe: {error}")))));
                    }
                }
            });
        began.map_err(|error| Error::State(format!("starting to probe: {error}")))?;
        told.await
            .map_err(|_| Error::State("the probe ended".to_owned()))??;
        Ok(Prober { shared })
    }

    /// Whether the workers are to stand still for a moment.
    pub(crate) fn holds_breath(&self) -> bool {
        self.shared.breath.load(Ordering::Relaxed)
    }

    /// What others feel, once there are enough probes.
    pub(crate) fn felt(&self) -> Option<Felt> {
        let known = self.shared.known.lock();
        (known.working.len() >= FEWEST).then(|| Felt {
            still: slow(&known.still),
            working: slow(&known.working),
        })
    }
}

/// How long the slow ones among cheap queries take, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Felt {
    /// While the backfill stands still.
    pub(crate) still: f64,
    /// Beside it.
    pub(crate) working: f64,
}

impl Shared {
    fn add(&self, took: Duration, still: bool) {
        let mut known = self.known.lock();
        let kept = if still {
            &mut known.still
        } else {
            &mut known.working
        };
        kept.push_back(took);
        if kept.len() > KEPT {
            kept.pop_front();
        }
    }
}

async fn probe(
    connect: &Connect,
    settings: &Settings,
    sql: &str,
    blocks: i64,
    shared: Arc<Shared>,
    tell: oneshot::Sender<Result<(), Error>>,
) {
    let first = async {
        let opened = open(connect, settings, sql).await?;
        for _ in 0..KEPT {
            let took = once(&opened, blocks).await?;
            shared.add(took, true);
        }
        Ok(opened)
    };
    let mut opened = match first.await {
        Ok(opened) => opened,
        Err(error) => return drop(tell.send(Err(error))),
    };
    if tell.send(Ok(())).is_err() {
        return;
    }
    let kept = Arc::downgrade(&shared);
    drop(shared);
    let mut phase = Instant::now();
    loop {
        let took = once(&opened, blocks).await;
        let Some(shared) = kept.upgrade() else { return };
        let Ok(took) = took else {
            // Without probes nobody would end the breath.
            shared.breath.store(false, Ordering::Relaxed);
            drop(shared);
            tokio::time::sleep(AGAIN_AFTER).await;
            if let Ok(again) = open(connect, settings, sql).await {
                opened = again;
            }
            continue;
        };
        let breath = shared.breath.load(Ordering::Relaxed);
        if !breath || phase.elapsed() > ECHO {
            shared.add(took, breath);
        }
        if phase.elapsed() > if breath { BREATH } else { WORK } {
            shared.breath.store(!breath, Ordering::Relaxed);
            phase = Instant::now();
        }
    }
}

async fn open(
    connect: &Connect,
    settings: &Settings,
    sql: &str,
) -> Result<(Session, Statement), Error> {
    let session = Session::open(connect, Role::Monitor, settings).await?;
    let statement = session.prepare(PROBING, sql).await?;
    Ok((session, statement))
}

/// Waits for a moment by chance, and probes.
async fn once((session, statement): &(Session, Statement), blocks: i64) -> Result<Duration, Error> {
    std::thread::sleep(EVERY.mul_f64(rand::random_range(0.5..1.5)));
    let tid = Tid::first_of(rand::random_range(0..blocks.max(1)));
    let began = Instant::now();
    session.query(PROBING, statement, &[&tid]).await?;
    Ok(began.elapsed())
}

/// The mean of the slow latencies, in seconds.
fn slow(latencies: &VecDeque<Duration>) -> f64 {
    let mut sorted: Vec<f64> = latencies.iter().map(Duration::as_secs_f64).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| (sorted.len() as f64 * share) as usize;
    let slow = &sorted[at(SLOW.start)..at(SLOW.end).max(at(SLOW.start) + 1).min(sorted.len())];
    slow.iter().sum::<f64>() / slow.len().max(1) as f64
}

#[derive(Debug)]
pub(crate) struct Probe {
    budget_percent: u32,
}

impl Probe {
    pub(crate) fn new(budget_percent: u32) -> Probe {
        Probe { budget_percent }
    }
}

impl Signal for Probe {
    fn name(&self) -> &'static str {
        "latency"
    }

    fn question(&self) -> Question {
        Question::Probe
    }

    /// At the baseline the pressure is 0.5, at the end of the budget 1.
    fn judge(&mut self, seen: &Seen) -> Verdict {
        let Some(Felt { still, working }) = seen.felt else {
            return Verdict::calm();
        };
        let allowed =
            (still * f64::from(self.budget_percent) / 100.0).max(LEAST_ALLOWED.as_secs_f64());
        let used = (working - still) / allowed;
        let pressure = 0.5 + used / 2.0;
        // A short excess is chance or a checkpoint's work; only a multiple of the budget is harm.
        let pressure = if used < HARM {
            pressure.min(PRESSURE_MAX)
        } else {
            pressure
        };
        Verdict::pressure(pressure, || {
            let (longer, may) = ((working - still) * 1e3, allowed * 1e3);
            format!(
                "queries take {longer:.1} ms longer than the {:.1} ms without, {may:.1} ms may be",
                still * 1e3
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(still: f64, working: f64) -> Verdict {
        Probe::new(25).judge(&Seen {
            felt: Some(Felt { still, working }),
            ..Seen::default()
        })
    }

    #[test]
    fn the_budget_is_the_limit() {
        assert!((at(0.004, 0.004).pressure - 0.5).abs() < 1e-9);
        assert!((at(0.004, 0.005).pressure - 1.0).abs() < 1e-9);
        assert_eq!(
            at(0.004, 0.006).why,
            "queries take 2.0 ms longer than the 4.0 ms without, 1.0 ms may be"
        );
    }

    #[test]
    fn a_share_of_next_to_nothing_is_no_budget() {
        assert!((at(0.0004, 0.0007).pressure - 1.0).abs() < 1e-9);
        assert!(at(0.0004, 0.0005).pressure < 0.85);
    }

    #[test]
    fn a_multiple_of_the_budget_is_harm() {
        assert!((at(0.001, 0.005).pressure - PRESSURE_MAX).abs() < 1e-9);
        assert!(at(0.001, 0.05).pressure > 10.0);
    }

    #[test]
    fn the_slow_ones_count_and_not_the_slowest() {
        let mut latencies: VecDeque<Duration> = (0..100).rev().map(Duration::from_millis).collect();
        assert!((slow(&latencies) - 0.094).abs() < 1e-9);
        latencies[0] = Duration::from_mins(1);
        assert!((slow(&latencies) - 0.094).abs() < 1e-9);
        assert!((slow(&VecDeque::from([Duration::from_secs(1)])) - 1.0).abs() < 1e-9);
    }
}
