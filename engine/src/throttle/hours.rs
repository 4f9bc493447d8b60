//! Hours in which the backfill may work: `22:00-06:00 Europe/Berlin`.

use super::{Question, Seen, Signal, Verdict};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use std::fmt;
use std::str::FromStr;

/// A daily stretch of time somewhere; it may go over midnight.
#[derive(Debug, Clone, PartialEq)]
pub struct Hours {
    from: Time,
    until: Time,
    zone: TimeZone,
    text: String,
}

impl FromStr for Hours {
    type Err = String;

    /// Reads `22:00-06:00 Europe/Berlin`; without a zone it is UTC.
    fn from_str(text: &str) -> Result<Hours, String> {
        let wrong = |why: &str| format!("`{text}`: {why}; write hours as 22:00-06:00 Europe/Berlin");
        let (hours, zone) = text.trim().split_once(' ').unwrap_or((text.trim(), "UTC"));
        let (from, until) = hours.split_once('-').ok_or_else(|| wrong("no `-` between the hours"))?;
        let time = |text: &str| Time::strptime("%H:%M", text).map_err(|error| wrong(&error.to_string()));
        let zone = TimeZone::get(zone.trim()).map_err(|error| wrong(&error.to_string()))?;
        Ok(Hours { from: time(from)?, until: time(until)?, zone, text: text.trim().to_owned() })
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Hours {
    fn contain(&self, moment: Timestamp) -> bool {
        let now = Zoned::new(moment, self.zone.clone()).time();
        if self.from <= self.until {
            self.from <= now && now < self.until
        } else {
            now >= self.from || now < self.until
        }
    }
}

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
        let moment = seen.value.and_then(|seconds| Timestamp::from_second(seconds as i64).ok());
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
        let seen = Seen { value: Some(moment.as_second() as f64), ..Seen::default() };
        InHours::new(hours.parse().unwrap()).judge(&seen).stop
    }

    #[test]
    fn hours_go_over_midnight_and_know_their_zone() {
        assert!(!stops("22:00-06:00 Europe/Berlin", "2026-01-10T23:30:00Z"));
        assert!(stops("22:00-06:00 Europe/Berlin", "2026-01-10T20:30:00Z"));
        assert!(!stops("22:00-06:00 Europe/Berlin", "2026-07-10T20:30:00Z"), "summer time");
        assert!(stops("09:00-17:00", "2026-01-10T17:00:00Z"));
        assert!(!stops("09:00-17:00", "2026-01-10T09:00:00Z"));
    }

    #[test]
    fn what_is_no_hours_is_named() {
        assert!("22-06".parse::<Hours>().unwrap_err().contains("22:00-06:00 Europe/Berlin"));
        assert!("22:00-06:00 Europe/Berlim".parse::<Hours>().is_err());
    }
}
