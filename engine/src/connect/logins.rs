//! How often we log in: as often as it takes at the start, and once a second from then on, or when the server doesn't let us in.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many without a pause: a run's sessions, and what it takes to open them again after a failover.
const AT_ONCE: f64 = 24.0;

/// What all connections of an engine share.
pub(crate) struct Logins(Mutex<Bucket>);

struct Bucket {
    free: f64,
    counted: Instant,
}

impl Bucket {
    /// How long until the next one; none when it is now, which counts it.
    fn next(&mut self, now: Instant) -> Option<Duration> {
        self.free = (self.free + now.duration_since(self.counted).as_secs_f64()).min(AT_ONCE);
        self.counted = now;
        if self.free >= 1.0 {
            self.free -= 1.0;
            return None;
        }
        Some(Duration::from_secs_f64(1.0 - self.free))
    }
}

impl Default for Logins {
    fn default() -> Logins {
        Logins(Mutex::new(Bucket { free: AT_ONCE, counted: Instant::now() }))
    }
}

impl Logins {
    /// Waits until it is time for another.
    pub(crate) async fn turn(&self) {
        loop {
            let wait = self.0.lock().unwrap_or_else(PoisonError::into_inner).next(Instant::now());
            match wait {
                None => return,
                Some(wait) => tokio::time::sleep(wait).await,
            }
        }
    }

    /// One was refused: the next comes a second later.
    pub(crate) fn refused(&self) {
        let mut bucket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (bucket.free, bucket.counted) = (0.0, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_first_it_is_one_a_second() {
        let begun = Instant::now();
        let mut bucket = Bucket { free: AT_ONCE, counted: begun };
        let count = |bucket: &mut Bucket, seconds: f64| {
            let now = begun + Duration::from_secs_f64(seconds);
            std::iter::from_fn(|| bucket.next(now).is_none().then_some(())).take(100).count()
        };
        assert_eq!(count(&mut bucket, 0.0), 24);
        assert_eq!(count(&mut bucket, 0.5), 0);
        assert_eq!(count(&mut bucket, 1.01), 1);
        assert_eq!(count(&mut bucket, 100.0), 24);
    }
}
