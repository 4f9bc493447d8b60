//! How often we log in: as often as there is work for sessions, but once a second where the server
//! doesn't let us in.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// Between a refusal and the next try.
const PAUSE: Duration = Duration::from_secs(1);

/// What all connections of an engine share: when the next login may be.
#[derive(Default)]
pub(crate) struct Logins(Mutex<Option<Instant>>);

impl Logins {
    /// Waits until it is time for another.
    pub(crate) async fn turn(&self) {
        while let Some(wait) = self.wait(Instant::now()) {
            tokio::time::sleep(wait).await;
        }
    }

    /// How long until the next one; none when it is now. After a refusal one goes ahead, and the
    /// others wait for what comes of it.
    fn wait(&self, now: Instant) -> Option<Duration> {
        let mut next = self.0.lock();
        let due = (*next)?;
        if now < due {
            return Some(due - now);
        }
        *next = Some(now + PAUSE);
        None
    }

    /// One was refused: the next comes a second later.
    pub(crate) fn refused(&self) {
        *self.0.lock() = Some(Instant::now() + PAUSE);
    }

    /// One was let in: the others needn't wait.
    pub(crate) fn let_in(&self) {
        *self.0.lock() = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many go ahead in ten seconds, looking each tenth of one, where each is let in or
    /// refused.
    fn tried(are_let_in: bool) -> usize {
        let (logins, begun) = (Logins::default(), Instant::now());
        logins.refused();
        let mut gone = 0;
        for tenth in 0..100 {
            if logins
                .wait(begun + Duration::from_millis(tenth * 100))
                .is_none()
            {
                gone += 1;
                if are_let_in {
                    logins.let_in();
                }
            }
        }
        gone
    }

    #[test]
    fn where_the_server_refuses_it_is_one_a_second() {
        assert!((8..=10).contains(&tried(false)), "{}", tried(false));
    }

    #[test]
    fn once_one_is_let_in_nobody_waits() {
        assert!(tried(true) > 80, "{}", tried(true));
    }
}
