//! Pauses between tries.

use crate::error::Error;
use crate::event::{Event, Events};
use crate::stop::Stop;
use std::time::Duration;

/// Pauses that double up to a bound, each drawn at random from its upper half, so that two engines
/// or a job with a fixed rhythm don't meet again and again.
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

    /// Tells what will be tried again and why, and pauses.
    ///
    /// # Errors
    ///
    /// When someone asks to stop.
    pub(crate) async fn rest(
        &mut self,
        events: &Events,
        stop: &Stop,
        doing: &str,
        why: &str,
    ) -> Result<(), Error> {
        let pause = self.next(rand::random());
        events(Event::retrying(doing, why, pause));
        stop.sleep(pause).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_bound() {
        let (first, max) = (Duration::from_millis(100), Duration::from_secs(10));
        let mut backoff = Backoff::new(first, max);
        let pauses: Vec<u128> = (0..9).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(
            pauses,
            [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]
        );
        assert_eq!(Backoff::new(first, max).next(0.0), first / 2);
    }
}
