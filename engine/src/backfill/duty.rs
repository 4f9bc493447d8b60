//! The rests between batches, when only a share of the time may be worked. Pure.

use std::time::Duration;

/// A shorter rest isn't taken: it is owed until it is worth the timer, which is as coarse as a
/// millisecond.
const REST_MIN: Duration = Duration::from_millis(2);
/// The longest rest at a time, so that a change of the share is felt soon.
const REST_MAX: Duration = Duration::from_secs(1);
/// Seconds that a timer may have overslept and that are worked off without rest.
const CREDIT_MAX: f64 = 0.01;

/// What is owed in rests.
#[derive(Debug, Default)]
pub(crate) struct Duty {
    /// Worked since the last rest was reckoned.
    worked: Duration,
    /// Seconds; below 0 when a rest was longer than owed.
    owed: f64,
}

impl Duty {
    /// So long was worked.
    pub(crate) fn worked(&mut self, duration: Duration) {
        self.worked += duration;
    }

    /// The rest that is due, where `share` of the time may be worked.
    pub(crate) fn rest(&mut self, share: f64) -> Option<Duration> {
        let worked = std::mem::take(&mut self.worked).as_secs_f64();
        if share >= 1.0 {
            self.owed = 0.0;
            return None;
        }
        self.owed += worked * (1.0 - share) / share.max(0.01);
        let owed = Duration::from_secs_f64(self.owed.max(0.0));
        (owed >= REST_MIN).then(|| owed.min(REST_MAX))
    }

    /// So long was rested.
    pub(crate) fn rested(&mut self, duration: Duration) {
        let rested = duration.min(REST_MAX).as_secs_f64();
        self.owed = (self.owed - rested).clamp(-CREDIT_MAX, REST_MAX.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share of the time that is worked in the end, with batches so long and a timer that is
    /// late by half a millisecond.
    fn share_of(batch: Duration, share: f64) -> f64 {
        let (mut duty, mut worked, mut rested) = (Duty::default(), Duration::ZERO, Duration::ZERO);
        for _ in 0..10_000 {
            worked += batch;
            duty.worked(batch);
            if let Some(rest) = duty.rest(share) {
                let slept = rest + Duration::from_micros(500);
                rested += slept;
                duty.rested(slept);
            }
        }
        worked.as_secs_f64() / (worked + rested).as_secs_f64()
    }

    #[test]
    fn the_share_is_kept_however_short_the_batches() {
        for micros in [100, 1_000, 20_000] {
            for share in [0.1, 0.5, 0.9] {
                let kept = share_of(Duration::from_micros(micros), share);
                assert!((kept - share).abs() < 0.03, "{micros} µs, {share}: {kept}");
            }
        }
    }

    #[test]
    fn at_full_share_there_is_no_rest() {
        assert!(share_of(Duration::from_millis(1), 1.0) > 0.999);
    }
}
