//! How a strong lock is asked for without making others wait: look, wait outside the queue, try for a moment,
//! step back, try again.

use crate::blockers;
use crate::error::{Class, Error, describe};
use crate::event::{Blocker, Event};
use crate::lease::Lease;
use concertina_planner::action::Lock;
use concertina_revisions::TableName;
use std::time::{Duration, Instant};

/// The first pause after a failed try.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// How often someone who is outside the queue looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Pauses that double up to a bound, each drawn at random from its upper half, so that two engines or a job with a
/// fixed rhythm don't meet again and again.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    next: Duration,
    max: Duration,
}

impl Backoff {
    pub(crate) fn new(first: Duration, max: Duration) -> Backoff {
        Backoff { next: first, max }
    }

    /// The next pause. `jitter` is from 0 to 1.
    pub(crate) fn next(&mut self, jitter: f64) -> Duration {
        let pause = self.next.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
        self.next = (self.next * 2).min(self.max);
        pause
    }
}

/// How one try may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// For PostgreSQL's `lock_timeout`.
    pub(crate) lock_timeout: Duration,
    /// Whether to lower `deadlock_timeout`, after which an autovacuum in the way gives up.
    pub(crate) short_deadlock_timeout: bool,
}

impl Lease {
    /// Tries a transaction until its locks are granted, or the budget is spent. `attempt` runs one try.
    ///
    /// # Errors
    ///
    /// [`Error::LockBudget`], or whatever else the attempt fails with.
    pub(crate) async fn climb<T>(
        &mut self,
        doing: &str,
        locks: &[(TableName, Lock)],
        mut attempt: impl AsyncFnMut(&mut Lease, Patience) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let strong: Vec<(TableName, Lock)> = locks.iter().filter(|(_, lock)| lock.blocks()).cloned().collect();
        let began = Instant::now();
        let mut backoff = Backoff::new(PAUSE_FIRST, PAUSE_MAX);
        let mut seen: Vec<Blocker> = Vec::new();
        loop {
            self.stop.check()?;
            let over = began.elapsed() > self.settings.lock_budget;
            let in_the_way = blockers::outside(&self.records, &strong, self.hands.pid).await?;
            let autovacuum = !in_the_way.is_empty() && in_the_way.iter().all(|b| b.state == "autovacuum worker");
            if !in_the_way.is_empty() {
                seen = in_the_way;
                if over {
                    break;
                }
                if !autovacuum {
                    self.tell(Event::Waiting { doing: doing.to_owned(), blockers: seen.clone(), queued: false });
                    self.stop.sleep(LOOK_AGAIN).await?;
                    continue;
                }
            }
            if over {
                break;
            }
            let patience = self.patience(autovacuum || blockers::has_autovacuum(&seen));
            match attempt(self, patience).await {
                Err(error) if error.class() == Class::Contention => {
                    let pause = backoff.next(rand::random());
                    let why = match &error {
                        Error::Sql { cause, .. } => describe(cause),
                        other => other.to_string(),
                    };
                    self.tell(Event::Retrying {
                        doing: doing.to_owned(),
                        why,
                        after_ms: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                    });
                    self.stop.sleep(pause).await?;
                }
                other => return other,
            }
        }
        let seconds = self.settings.lock_budget.as_secs();
        Err(Error::LockBudget { doing: doing.to_owned(), seconds, blockers: seen })
    }

    fn patience(&self, autovacuum: bool) -> Patience {
        let lock_timeout = self.settings.lock_timeout;
        if !autovacuum || self.server.may_set_deadlock_timeout {
            return Patience { lock_timeout, short_deadlock_timeout: self.server.may_set_deadlock_timeout };
        }
        // Without the right to shorten deadlock_timeout, one longer try: an autovacuum gives up only then.
        Patience { lock_timeout: self.server.deadlock_timeout.mul_f64(1.2), short_deadlock_timeout: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_bound() {
        let mut backoff = Backoff::new(PAUSE_FIRST, PAUSE_MAX);
        let pauses: Vec<u128> = (0..9).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
        assert_eq!(Backoff::new(PAUSE_FIRST, PAUSE_MAX).next(0.0), PAUSE_FIRST / 2);
    }
}
