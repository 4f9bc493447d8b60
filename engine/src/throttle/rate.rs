//! How fast a counter grows.

use std::time::Instant;

/// Growth a second between readings, the newest weighing as much as is said.
#[derive(Debug)]
pub(crate) struct Rate {
    newest: f64,
    last: Option<(f64, Instant)>,
    average: Option<f64>,
}

impl Rate {
    /// Between the two last readings alone.
    pub(crate) fn latest() -> Rate {
        Rate::averaged(1.0)
    }

    /// An average in which the newest reading has that weight, up to 1.
    pub(crate) fn averaged(newest: f64) -> Rate {
        Rate {
            newest,
            last: None,
            average: None,
        }
    }

    /// The rate after a reading; 0 after the first.
    pub(crate) fn at(&mut self, count: f64, now: Instant) -> f64 {
        if let Some((before, then)) = self.last.replace((count, now)) {
            let rate = (count - before) / now.duration_since(then).as_secs_f64().max(1e-3);
            let known = self.average.unwrap_or(rate);
            self.average = Some(known + (rate - known) * self.newest);
        }
        self.average.unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_newest_reading_weighs_as_much_as_is_said() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let (mut averaged, mut latest) = (Rate::averaged(0.3), Rate::latest());
        let mut at = |count, seconds: u32| {
            let now = start + second * seconds;
            (
                averaged.at(count, now).round(),
                latest.at(count, now).round(),
            )
        };
        assert_eq!(at(1_000.0, 0), (0.0, 0.0));
        assert_eq!(at(2_000.0, 1), (1_000.0, 1_000.0));
        assert_eq!(at(2_000.0, 2), (700.0, 0.0));
    }
}
