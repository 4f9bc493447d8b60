//! Hours in which the backfill may work.

use crate::hours::Hours;
use crate::throttle::{Question, Seen, Signal, Verdict};
use jiff::Timestamp;

#[derive(Debug)]
pub(crate) struct InHours {
    hours: Hours,
}

impl InHours {
    pub(crate) fn new(hours: Hours) -> InHours {
        InHours { hours }
    }
}

impl Signal for InHours {
    fn name(&self) -> &'static str {
        "hours"
    }

    fn question(&self) -> Question {
        Question::Clock
    }

    fn judge(&mut self, seen: &Seen) -> Verdict {
        let moment = seen
            .value
            .and_then(|seconds| Timestamp::from_second(seconds as i64).ok());
        if moment.is_none_or(|moment| self.hours.contain(moment)) {
            return Verdict::calm();
        }
        Verdict::stop(format!("outside of {}", self.hours))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stops(hours: &str, moment: &str) -> bool {
        let moment: Timestamp = moment.parse().unwrap();
        let seen = Seen {
            value: Some(moment.as_second() as f64),
            ..Seen::default()
        };
        InHours::new(hours.parse().unwrap()).judge(&seen).stop
    }

    #[test]
    fn hours_go_over_midnight_and_know_their_zone() {
        assert!(!stops("22:00-06:00 Europe/Berlin", "2026-01-10T23:30:00Z"));
        assert!(stops("22:00-06:00 Europe/Berlin", "2026-01-10T20:30:00Z"));
        assert!(
            !stops("22:00-06:00 Europe/Berlin", "2026-07-10T20:30:00Z"),
            "summer time"
        );
        assert!(stops("09:00-17:00", "2026-01-10T17:00:00Z"));
        assert!(!stops("09:00-17:00", "2026-01-10T09:00:00Z"));
    }
}
