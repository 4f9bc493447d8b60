//! A flat ceiling on rows a second, for all workers together.

use governor::clock::DefaultClock;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;

/// Hands out rows at a bounded rate.
pub(crate) struct Ceiling {
    limiter: Option<(RateLimiter<NotKeyed, InMemoryState, DefaultClock>, NonZeroU32)>,
}

impl Ceiling {
    pub(crate) fn new(rows_per_second_max: Option<u32>) -> Ceiling {
        let limiter = rows_per_second_max.and_then(NonZeroU32::new).map(|rate| {
            // A tenth of a second's rows at once: bursts no larger than that.
            let burst = NonZeroU32::new(rate.get() / 10).unwrap_or(NonZeroU32::MIN);
            (RateLimiter::direct(Quota::per_second(rate).allow_burst(burst)), burst)
        });
        Ceiling { limiter }
    }

    /// Waits until these rows, which are written already, are paid for.
    pub(crate) async fn pay(&self, rows: u64) {
        let Some((limiter, burst)) = &self.limiter else { return };
        let mut left = u32::try_from(rows).unwrap_or(u32::MAX);
        while let Some(part) = NonZeroU32::new(left.min(burst.get())) {
            // Never more than the burst, so that it can't be refused.
            if limiter.until_n_ready(part).await.is_err() {
                return;
            }
            left -= part.get();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn rows_beyond_the_burst_have_to_wait() {
        let ceiling = Ceiling::new(Some(1_000));
        let began = std::time::Instant::now();
        ceiling.pay(300).await;
        assert!(began.elapsed().as_millis() >= 150, "300 rows at 1000 a second, 100 of them at once");
        Ceiling::new(None).pay(u64::MAX).await;
    }
}
