//! Flat ceilings for all workers together: rows a second, bytes of WAL a second.

use governor::clock::DefaultClock;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;

/// WAL is counted in units of so many bytes: a limiter counts in 32 bits.
const WAL_UNIT_BYTES: f64 = 1_024.0;

/// A limiter with its burst: a tenth of a second's worth.
struct Limiter {
    inner: RateLimiter<NotKeyed, InMemoryState, DefaultClock>,
    burst: NonZeroU32,
}

impl Limiter {
    fn new(per_second: u32) -> Option<Limiter> {
        let rate = NonZeroU32::new(per_second)?;
        let burst = NonZeroU32::new(rate.get() / 10).unwrap_or(NonZeroU32::MIN);
        Some(Limiter {
            inner: RateLimiter::direct(Quota::per_second(rate).allow_burst(burst)),
            burst,
        })
    }

    async fn pay(&self, units: u64) {
        let mut left = u32::try_from(units).unwrap_or(u32::MAX);
        while let Some(part) = NonZeroU32::new(left.min(self.burst.get())) {
            // Never more than the burst, so that it can't be refused.
            if self.inner.until_n_ready(part).await.is_err() {
                return;
            }
            left -= part.get();
        }
    }
}

/// Hands out rows and WAL at bounded rates.
pub(crate) struct Ceiling {
    rows: Option<Limiter>,
    wal: Option<Limiter>,
}

impl Ceiling {
    pub(crate) fn new(
        rows_per_second_max: Option<u32>,
        wal_bytes_per_second_max: Option<u64>,
    ) -> Ceiling {
        let units =
            wal_bytes_per_second_max.map(|bytes| ((bytes as f64 / WAL_UNIT_BYTES) as u32).max(1));
        Ceiling {
            rows: rows_per_second_max.and_then(Limiter::new),
            wal: units.and_then(Limiter::new),
        }
    }

    /// Waits until a batch, which is written already, is paid for.
    pub(crate) async fn pay(&self, rows: u64, wal_bytes_per_row: f64) {
        if let Some(limiter) = &self.rows {
            limiter.pay(rows).await;
        }
        if let Some(limiter) = &self.wal {
            limiter
                .pay((rows as f64 * wal_bytes_per_row / WAL_UNIT_BYTES) as u64)
                .await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[tokio::test]
    async fn what_is_beyond_the_burst_has_to_wait() {
        let rows = Ceiling::new(Some(1_000), None);
        let began = Instant::now();
        rows.pay(300, 0.0).await;
        assert!(
            began.elapsed().as_millis() >= 150,
            "300 rows at 1000 a second, 100 of them at once"
        );
        let wal = Ceiling::new(None, Some(1_024_000));
        let began = Instant::now();
        wal.pay(300, 1_024.0).await;
        assert!(
            began.elapsed().as_millis() >= 150,
            "300 KiB at 1000 a second, 100 of them at once"
        );
        Ceiling::new(None, None).pay(u64::MAX, 1e9).await;
    }
}
