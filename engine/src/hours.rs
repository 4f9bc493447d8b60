//! Hours of the day: `22:00-06:00 Europe/Berlin`.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
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
        let wrong =
            |why: &str| format!("`{text}`: {why}; write hours as 22:00-06:00 Europe/Berlin");
        let (hours, zone) = text.trim().split_once(' ').unwrap_or((text.trim(), "UTC"));
        let (from, until) = hours
            .split_once('-')
            .ok_or_else(|| wrong("no `-` between the hours"))?;
        let time =
            |text: &str| Time::strptime("%H:%M", text).map_err(|error| wrong(&error.to_string()));
        let zone = TimeZone::get(zone.trim()).map_err(|error| wrong(&error.to_string()))?;
        Ok(Hours {
            from: time(from)?,
            until: time(until)?,
            zone,
            text: text.trim().to_owned(),
        })
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Hours {
    /// Whether a moment lies in them.
    pub(crate) fn contain(&self, moment: Timestamp) -> bool {
        let now = self.zone.to_datetime(moment).time();
        if self.from <= self.until {
            self.from <= now && now < self.until
        } else {
            now >= self.from || now < self.until
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_hours_is_named() {
        assert!(
            "22-06"
                .parse::<Hours>()
                .unwrap_err()
                .contains("22:00-06:00 Europe/Berlin")
        );
        assert!("22:00-06:00 Europe/Berlim".parse::<Hours>().is_err());
    }
}
