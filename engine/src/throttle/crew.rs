//! How many workers are worth it. Pure.
//!
//! Nothing in SQL tells how many cores a server has or how fast its disk is, but the rows a second
//! do: where another worker brings much less than the first one did, it works on the application's
//! time. Measured on two cores beside 800 queries a second: a second worker brought 44 % more rows,
//! and more than doubled the p99 of the queries.

/// The share of one worker's rows that another must bring to be kept.
const GAIN_MIN: f64 = 0.75;
/// Samples before the first trial; with two samples a second, fifteen seconds.
const FIRST: u32 = 30;
/// Samples between trials that go well.
const NEXT: u32 = 10;
/// Samples between trials that don't: each time four times as many, up to this.
const REST_MAX: u32 = 1_920;
/// Samples of a trial, the first of which don't count.
const TRIAL: u32 = 4;
const SETTLE: u32 = 1;

/// Takes workers on, one at a time, on trial.
#[derive(Debug, Clone)]
pub(crate) struct Crew {
    most: u16,
    kept: u16,
    alone: bool,
    /// Samples until the next trial, and how long that was.
    until: u32,
    rest: u32,
    trial: Option<Trial>,
    /// Rows a second of those who are kept, averaged.
    rate: f64,
}

#[derive(Debug, Clone)]
struct Trial {
    samples: u32,
    rates: f64,
}

impl Crew {
    /// Begins with one of them.
    pub(crate) fn new(most: u16) -> Crew {
        Crew {
            most: most.max(1),
            kept: 1,
            alone: false,
            until: FIRST,
            rest: FIRST,
            trial: None,
            rate: 0.0,
        }
    }

    /// All at once.
    pub(crate) fn all(most: u16) -> Crew {
        Crew {
            kept: most.max(1),
            alone: true,
            ..Crew::new(most)
        }
    }

    /// How many work now, he on trial included.
    pub(crate) fn workers(&self) -> u16 {
        if self.trial.is_some() {
            self.kept + 1
        } else {
            self.kept
        }
    }

    /// After a sample. `alone`: nobody would notice, so all may work. `full`: those who work do so
    /// all the time.
    pub(crate) fn sampled(&mut self, rows_per_second: f64, alone: bool, full: bool) {
        if alone {
            *self = Crew::all(self.most);
            return;
        }
        if self.alone {
            *self = Crew::new(self.most);
        }
        if !full {
            self.trial = None;
            return;
        }
        if let Some(trial) = &mut self.trial {
            trial.samples += 1;
            if trial.samples > SETTLE {
                trial.rates += rows_per_second;
            }
            if trial.samples == TRIAL {
                let rate = trial.rates / f64::from(TRIAL - SETTLE);
                self.trial = None;
                self.judge(rate);
            }
            return;
        }
        self.rate = if self.rate == 0.0 {
            rows_per_second
        } else {
            self.rate * 0.7 + rows_per_second * 0.3
        };
        self.until = self.until.saturating_sub(1);
        if self.until == 0 && self.kept < self.most {
            self.trial = Some(Trial {
                samples: 0,
                rates: 0.0,
            });
        }
    }

    fn judge(&mut self, rate: f64) {
        if rate >= self.rate * (1.0 + GAIN_MIN / f64::from(self.kept)) {
            (self.kept, self.rate, self.until, self.rest) = (self.kept + 1, rate, NEXT, FIRST);
        } else {
            self.rest = (self.rest * 4).min(REST_MAX);
            self.until = self.rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The workers after so many samples on a server where each brings this share of what the one
    /// before brings.
    fn after(samples: u32, share: f64, most: u16) -> (u16, u32) {
        let (mut crew, mut more) = (Crew::new(most), 0);
        for _ in 0..samples {
            let rate: f64 = (0..crew.workers())
                .map(|worker| 1_000.0 * share.powi(i32::from(worker)))
                .sum();
            crew.sampled(rate, false, true);
            more += u32::from(crew.workers() > 1);
        }
        (crew.kept, more)
    }

    #[test]
    fn workers_who_bring_rows_are_kept() {
        assert_eq!(after(200, 0.97, 4).0, 4);
        assert_eq!(after(FIRST, 0.97, 4).0, 1, "one at first");
    }

    #[test]
    fn one_who_works_on_the_applications_time_is_not() {
        let (kept, tried) = after(1_000, 0.44, 4);
        assert_eq!(kept, 1);
        assert!((TRIAL..50).contains(&tried), "and is seldom tried: {tried}");
    }

    #[test]
    fn alone_all_may_work_and_beside_others_it_begins_anew() {
        let mut crew = Crew::new(4);
        crew.sampled(1_000.0, true, true);
        assert_eq!(crew.workers(), 4);
        crew.sampled(1_000.0, false, true);
        assert_eq!(crew.workers(), 1);
    }
}
