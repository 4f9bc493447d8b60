//! How a strong lock is asked for without making others wait: look, wait outside the queue, try for
//! a moment, step back, try again.

use crate::error::{Error, describe};
use crate::event::{Blocker, Event};
use crate::lock::blockers;
use crate::lock::lease::Lease;
use crate::lock::order;
use crate::retry::Backoff;
use concertina_planner::action::Lock;
use concertina_revisions::TableName;
use std::time::{Duration, Instant};

/// The first pause after a failed try.
const PAUSE_FIRST: Duration = Duration::from_millis(100);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// No pause takes a larger part of the time that locks are waited for: what fails by chance must
/// have its tries.
const PAUSE_PART: u32 = 60;
/// How often someone who is outside the queue looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// How one try may wait.
#[derive(Debug, Clone)]
pub(crate) struct Try {
    /// What is sent before all other statements: locks, in another order than theirs.
    pub(crate) locks_first: Vec<String>,
    /// For PostgreSQL's `lock_timeout`.
    pub(crate) lock_timeout: Duration,
    /// Whether to lower `deadlock_timeout`, after which an autovacuum in the way gives up.
    pub(crate) short_deadlock_timeout: bool,
}

/// One climb: from the first look to the lock, or to the end of the budget.
pub(crate) struct Ladder {
    doing: String,
    strong: Vec<(TableName, Lock)>,
    began: Instant,
    backoff: Backoff,
    /// Whether a try met a lock.
    failed: bool,
    /// Whom we last saw in the way.
    seen: Vec<Blocker>,
}

impl Ladder {
    pub(crate) fn new(doing: &str, locks: &[(TableName, Lock)], budget: Duration) -> Ladder {
        Ladder {
            doing: doing.to_owned(),
            strong: locks
                .iter()
                .filter(|(_, lock)| lock.blocks())
                .cloned()
                .collect(),
            began: Instant::now(),
            backoff: Backoff::new(
                PAUSE_FIRST,
                PAUSE_MAX.min((budget / PAUSE_PART).max(PAUSE_FIRST)),
            ),
            failed: false,
            seen: Vec::new(),
        }
    }

    /// Waits outside the queue until a try is worth it.
    ///
    /// # Errors
    ///
    /// [`Error::LockBudget`] when the budget is spent.
    pub(crate) async fn look(&mut self, lease: &Lease) -> Result<Try, Error> {
        loop {
            lease.stop.check()?;
            let in_the_way =
                blockers::outside(&lease.records, &self.strong, lease.hands.pid).await?;
            let others = in_the_way.iter().any(|blocker| !blocker.is_autovacuum());
            if !in_the_way.is_empty() {
                self.seen = in_the_way;
            }
            if self.began.elapsed() > lease.settings.lock_budget {
                let seconds = lease.settings.lock_budget.as_secs();
                let blockers = std::mem::take(&mut self.seen);
                return Err(Error::LockBudget {
                    doing: self.doing.clone(),
                    seconds,
                    blockers,
                });
            }
            if !others {
                return self.attempt(lease).await;
            }
            let blockers = self.seen.clone();
            lease.tell(Event::Waiting {
                doing: self.doing.clone(),
                blockers,
                queued: false,
            });
            lease.stop.sleep(LOOK_AGAIN).await?;
        }
    }

    /// A try met a lock: pauses before the next look.
    pub(crate) async fn step_back(&mut self, lease: &Lease, error: &Error) -> Result<(), Error> {
        let why = match error {
            Error::Sql { cause, .. } => describe(cause),
            other => other.to_string(),
        };
        self.failed = true;
        self.backoff
            .rest(&lease.events, &lease.stop, &self.doing, &why)
            .await
    }

    async fn attempt(&self, lease: &Lease) -> Result<Try, Error> {
        let locks_first = if self.failed {
            order::by_chance(&lease.records, &self.strong).await?
        } else {
            vec![]
        };
        let (lock_timeout, may_shorten) = (
            lease.settings.lock_timeout,
            lease.server.may_set_deadlock_timeout,
        );
        if may_shorten || !self.seen.iter().any(Blocker::is_autovacuum) {
            return Ok(Try {
                locks_first,
                lock_timeout,
                short_deadlock_timeout: may_shorten,
            });
        }
        // Without the right to shorten deadlock_timeout, one longer try: an autovacuum gives up
        // only then.
        let lock_timeout = lease.server.deadlock_timeout.mul_f64(1.2);
        Ok(Try {
            locks_first,
            lock_timeout,
            short_deadlock_timeout: false,
        })
    }
}

/// How long it is tried again while others are in the way.
pub(crate) struct Patience {
    budget: Duration,
    backoff: Backoff,
    /// When somebody was first in the way, and last.
    met: Option<(Instant, Instant)>,
}

impl Patience {
    pub(crate) fn new(budget: Duration) -> Patience {
        Patience {
            budget,
            backoff: Backoff::new(PAUSE_FIRST, PAUSE_MAX),
            met: None,
        }
    }

    /// Whether it has been tried for as long as it may be. After as long a time in peace it begins
    /// anew.
    pub(crate) fn is_spent(&mut self) -> bool {
        if self
            .met
            .is_some_and(|(_, last)| last.elapsed() > self.budget)
        {
            *self = Patience::new(self.budget);
        }
        self.met
            .is_some_and(|(first, _)| first.elapsed() > self.budget)
    }

    /// Pauses before the next try.
    pub(crate) async fn wait(&mut self, lease: &Lease, error: &Error) -> Result<(), Error> {
        let now = Instant::now();
        self.met = Some((self.met.map_or(now, |(first, _)| first), now));
        self.backoff
            .rest(
                &lease.events,
                &lease.stop,
                "trying again",
                &error.to_string(),
            )
            .await
    }
}

/// Asks again after a lost connection, and while others are in the way. What is asked must come to
/// the same when it is asked twice: the answer of the first time may have been lost.
macro_rules! surely {
    ($lease:ident, $ask:expr) => {{
        let mut patience = $crate::lock::ladder::Patience::new($lease.settings.lock_budget);
        loop {
            match $ask.await {
                Err(error) if error.class() == $crate::error::Class::Connection => {
                    Box::pin($lease.reconnect(&error)).await?
                }
                Err(error)
                    if error.class() == $crate::error::Class::Contention
                        && !patience.is_spent() =>
                {
                    patience.wait($lease, &error).await?;
                }
                other => break other,
            }
        }
    }};
}
pub(crate) use surely;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_spent_by_those_who_stay_and_not_by_those_who_come_again() {
        let budget = Duration::from_mins(10);
        let ago = |minutes| {
            Instant::now()
                .checked_sub(Duration::from_mins(minutes))
                .unwrap_or_else(Instant::now)
        };
        let spent = |met| {
            Patience {
                met,
                ..Patience::new(budget)
            }
            .is_spent()
        };
        assert!(!spent(None) && !spent(Some((ago(9), ago(0)))));
        assert!(spent(Some((ago(11), ago(1)))));
        assert!(!spent(Some((ago(40), ago(11)))));
    }
}
