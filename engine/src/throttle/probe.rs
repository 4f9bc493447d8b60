//! The latency of a cheap query of the table, against its own baseline from before the backfill: what the
//! application feels, without asking the application.

use super::{Question, Seen, Signal, Verdict};
use crate::session::Session;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio_postgres::Statement;
use tokio_postgres::types::ToSql;

/// Between two probes.
const EVERY: Duration = Duration::from_millis(5);
/// Probes that the baseline is made of.
const BASELINE: usize = 500;
/// Probes that the newest judgement is made of.
const RECENT: usize = 240;
/// From this multiple of the baseline on, others are harmed.
const HARM: f64 = 10.0;
/// Below that, the most that the latency presses.
const PRESSURE_MAX: f64 = 2.0;
/// The percentile that is compared. With so few probes a higher one would be chance.
const PERCENTILE: usize = 90;

impl Known {
    fn add(&mut self, took: Duration) {
        self.recent.push_back(took);
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
    }
}

/// Probes the server, and keeps the baseline and the newest latencies.
#[derive(Clone)]
pub(crate) struct Prober {
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    baseline: Option<Duration>,
    recent: VecDeque<Duration>,
}

impl Prober {
    /// Takes the baseline, which needs about three seconds, and then probes for as long as someone keeps the prober.
    ///
    /// # Errors
    ///
    /// When a probe fails.
    pub(crate) async fn start<T: ToSql + Sync + Send>(
        session: Session,
        sql: String,
        parameter: Option<impl Fn() -> T + Send + Sync + 'static>,
    ) -> Result<Prober, tokio_postgres::Error> {
        let statement = session.prepare(&sql).await?;
        let mut baseline = Vec::with_capacity(BASELINE);
        for _ in 0..BASELINE {
            let began = Instant::now();
            once(&session, &statement, parameter.as_ref()).await?;
            baseline.push(began.elapsed());
            tokio::time::sleep(EVERY).await;
        }
        let known = Arc::new(Mutex::new(Known { baseline: Some(percentile(&baseline)), recent: VecDeque::new() }));
        let kept = Arc::downgrade(&known);
        tokio::spawn(async move {
            loop {
                let began = Instant::now();
                if once(&session, &statement, parameter.as_ref()).await.is_err() {
                    return;
                }
                let took = began.elapsed();
                let Some(known) = kept.upgrade() else { return };
                known.lock().unwrap_or_else(PoisonError::into_inner).add(took);
                drop(known);
                tokio::time::sleep(EVERY).await;
            }
        });
        Ok(Prober { known })
    }

    /// The newest latency as a multiple of the baseline, once there are enough probes.
    pub(crate) fn ratio(&self) -> Option<f64> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let baseline = known.baseline.filter(|_| known.recent.len() >= RECENT / 3)?;
        let recent: Vec<Duration> = known.recent.iter().copied().collect();
        Some(percentile(&recent).as_secs_f64() / baseline.as_secs_f64().max(1e-6))
    }
}

async fn once<T: ToSql + Sync>(
    session: &Session,
    statement: &Statement,
    parameter: Option<&impl Fn() -> T>,
) -> Result<(), tokio_postgres::Error> {
    match parameter {
        Some(parameter) => session.query(statement, &[&parameter()]).await?,
        None => session.query(statement, &[]).await?,
    };
    Ok(())
}

fn percentile(latencies: &[Duration]) -> Duration {
    let mut sorted = latencies.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() * PERCENTILE / 100).or(sorted.last()).copied().unwrap_or_default()
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
        let Some(ratio) = seen.value else { return Verdict::calm() };
        let budget = f64::from(self.budget_percent) / 100.0;
        let pressure = 0.5 + (ratio - 1.0) / budget / 2.0;
        // A short excess is chance or a checkpoint's work; only a multiple of the baseline is harm.
        let pressure = if ratio < HARM { pressure.min(PRESSURE_MAX) } else { pressure };
        Verdict::pressure(pressure, || {
            format!("queries take {:.0} % longer than before, {} % may be", (ratio - 1.0) * 100.0, self.budget_percent)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_the_limit() {
        let mut probe = Probe::new(25);
        let mut at = |ratio| probe.judge(&Seen { value: Some(ratio), detail: String::new() });
        assert!((at(1.0).pressure - 0.5).abs() < 1e-9);
        assert!((at(1.25).pressure - 1.0).abs() < 1e-9);
        assert_eq!(at(1.5).why, "queries take 50 % longer than before, 25 % may be");
    }

    #[test]
    fn a_percentile_is_of_the_sorted_latencies() {
        let latencies: Vec<Duration> = (0..100).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&latencies), Duration::from_millis(90));
        assert_eq!(percentile(&[]), Duration::ZERO);
    }
}
