//! From pressure to orders. Pure.
//!
//! Three knobs, in this order: shorter batches cost little and buy most of the latency; rests
//! between them buy the rest; fewer workers come last. Measured on PostgreSQL 15 beside 800 queries
//! a second: batches of 32 blocks instead of 512 brought the p99 from 3.5 to 1.9 ms and cost a
//! sixth of the rate, half the time at rest brought it to 1.2 ms. A query that finds no free core
//! waits for the batch that has it: so the length of a batch is what others feel. But in short
//! batches what goes with each takes longer than its rows: on one machine batches of 0.2 ms did
//! 19,000 rows a second and batches of 2 ms 121,000, at p99s of 1.6 and 2.2 ms. So a worker
//! measures that, and makes batches of four times as much at least.

use super::Verdict;
use super::crew::Crew;
use crate::config::Settings;
use std::time::Duration;

/// Between this and the limit nothing changes.
const ROOM: f64 = 0.85;
/// How strongly a sample moves the effort. With two samples a second it follows within some
/// seconds, and chance in the signals is averaged out.
const GAIN: f64 = 0.25;
/// A single sample counts as no more than this.
const PRESSURE_MAX: f64 = 2.5;
/// So far above its limit, twice in a row, a signal means harm: the backfill rests for a while.
const CRITICAL: f64 = 4.0;
/// So many samples in a row at the least effort, and still too much: it can't be helped. With two
/// samples a second, ten seconds.
const BEYOND_SAMPLES: u32 = 20;
/// Samples of rest after that; with two samples a second, a minute.
const HIBERNATE_SAMPLES: u32 = 120;
/// The shortest batch that a throttle asks for, as a share of the target. Workers make none that is
/// mostly what goes with every batch, whatever it says here (`backfill/fixed.rs`).
const SHORTEST: f64 = 0.125;
/// How long a batch may take when nobody else is at work. Longer ones weren't faster.
const BATCH_TARGET_ALONE: Duration = Duration::from_millis(5);
/// The effort below which batches are as short as they get, and the workers begin to rest.
const SHORT_BATCHES: f64 = 0.5;
/// The floor, as the share of one worker's time: unless told to stop, it always moves.
const SHARE_MIN: f64 = 0.05;
/// Where a run with a latency budget begins: the shortest batches, and so much of one worker's
/// time.
const GENTLE: f64 = 0.5;

/// What the workers are told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Orders {
    /// How long a batch should take.
    pub(crate) batch_target: Duration,
    /// The share of the time in which a worker works, from 0 to 1.
    pub(crate) share: f64,
    /// How many workers may work.
    pub(crate) workers: u16,
    /// No batch at all.
    pub(crate) stop: bool,
    /// Nobody else is at work.
    pub(crate) alone: bool,
    /// Why it doesn't go at full speed.
    pub(crate) why: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Controller {
    batch_target: Duration,
    /// Whether others are at work.
    company: bool,
    crew: Crew,
    /// From just above 0 to 1: all that may be given.
    effort: f64,
    critical: u32,
    hibernating: u32,
    /// Samples at the least effort with a signal at its limit.
    beyond: u32,
    why: Option<String>,
}

impl Controller {
    /// With a latency budget it begins gently and finds out how much there is room for; without one
    /// at full speed.
    pub(crate) fn new(settings: &Settings, workers: u16) -> Controller {
        Controller {
            batch_target: settings.batch_target,
            company: !settings.eager,
            crew: if settings.eager {
                Crew::all(workers)
            } else {
                Crew::new(workers)
            },
            effort: if settings.latency_budget_percent.is_some() {
                GENTLE * SHORT_BATCHES
            } else {
                1.0
            },
            critical: 0,
            hibernating: 0,
            beyond: 0,
            why: None,
        }
    }

    /// Whether others are at work, and how fast the workers were since the last sample.
    pub(crate) fn sampled(&mut self, company: bool, rows_per_second: f64) {
        self.company = company;
        self.crew
            .sampled(rows_per_second, !company, self.effort >= 1.0);
    }

    /// The orders as they are: the effort spent on the three knobs.
    pub(crate) fn orders(&self) -> Orders {
        let longest = if self.company {
            self.batch_target
        } else {
            self.batch_target.max(BATCH_TARGET_ALONE)
        };
        let shortest = self.batch_target.mul_f64(SHORTEST);
        let stretch = longest.as_secs_f64() / shortest.as_secs_f64();
        let long = ((self.effort - SHORT_BATCHES) / (1.0 - SHORT_BATCHES)).max(0.0);
        let most = f64::from(self.crew.workers());
        let busy = (self.effort / SHORT_BATCHES).min(1.0) * most;
        let busy = busy.max(SHARE_MIN);
        let workers = busy.ceil().clamp(1.0, most);
        Orders {
            batch_target: shortest.mul_f64(stretch.powf(long)),
            share: (busy / workers).min(1.0),
            workers: workers as u16,
            stop: false,
            alone: !self.company,
            why: self.why.clone(),
        }
    }

    /// The least effort: unless told to stop, it always moves.
    fn least(&self) -> f64 {
        SHARE_MIN * SHORT_BATCHES / f64::from(self.crew.workers())
    }

    /// What is too much however slowly it goes.
    pub(crate) fn beyond_its_power(&self) -> Option<&str> {
        self.why
            .as_deref()
            .filter(|_| self.beyond >= BEYOND_SAMPLES)
    }

    /// New orders after a sample of all signals.
    pub(crate) fn steer(&mut self, verdicts: &[Verdict]) -> Orders {
        let stops: Vec<&str> = verdicts
            .iter()
            .filter(|verdict| verdict.stop)
            .map(|verdict| verdict.why.as_str())
            .collect();
        let worst = verdicts
            .iter()
            .filter(|verdict| !verdict.stop)
            .max_by(|a, b| a.pressure.total_cmp(&b.pressure));
        let pressure = worst.map_or(0.0, |verdict| verdict.pressure);
        self.critical = if pressure >= CRITICAL {
            self.critical + 1
        } else {
            0
        };
        if self.critical == 2 {
            self.hibernating = HIBERNATE_SAMPLES;
        }
        if pressure >= 1.0 {
            self.why = worst.map(|verdict| verdict.why.clone());
        }
        if !(ROOM..1.0).contains(&pressure) {
            let least = self.least();
            let factor = (GAIN * (1.0 - pressure.min(PRESSURE_MAX))).exp();
            self.effort = (self.effort * factor).clamp(least, 1.0);
        }
        let at_its_least = self.effort <= self.least() && pressure >= 1.0;
        self.beyond = if at_its_least { self.beyond + 1 } else { 0 };
        if self.effort >= 1.0 {
            self.why = None;
        }
        let mut orders = self.orders();
        if !stops.is_empty() {
            orders.stop = true;
            orders.why = Some(stops.join("; "));
        } else if self.hibernating > 0 {
            self.hibernating -= 1;
            orders.stop = true;
            orders.why = self.why.as_ref().map(|why| format!("resting: {why}"));
        }
        orders
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(pressure: f64) -> Vec<Verdict> {
        vec![
            Verdict::calm(),
            Verdict::pressure(pressure, || "too many".to_owned()),
        ]
    }

    fn controller() -> Controller {
        Controller::new(
            &Settings {
                eager: true,
                ..Settings::default()
            },
            4,
        )
    }

    #[test]
    fn batches_are_shortened_first_then_it_rests_then_workers_go() {
        let mut controller = controller();
        let mut seen = Vec::new();
        for _ in 0..100 {
            let orders = controller.steer(&at(1.2));
            assert_eq!(orders.why.as_deref(), Some("too many"));
            seen.push((orders.batch_target, orders.share, orders.workers));
        }
        let shortened = seen
            .iter()
            .position(|(target, ..)| *target <= BATCH_TARGET_ALONE.mul_f64(SHORTEST * 2.0))
            .expect("shorter batches");
        let rested = seen
            .iter()
            .position(|(_, share, _)| *share < 1.0)
            .expect("rests");
        let fewer = seen
            .iter()
            .position(|(.., workers)| *workers < 4)
            .expect("fewer workers");
        assert!(
            shortened <= rested && rested < fewer,
            "{shortened} {rested} {fewer}"
        );
        let (_, share, workers) = seen[99];
        assert!(workers >= 1 && share >= SHARE_MIN, "it always moves");
    }

    #[test]
    fn it_comes_back_to_full_speed_and_forgets_why() {
        let mut controller = controller();
        (0..40).for_each(|_| drop(controller.steer(&at(1.5))));
        let mut orders = controller.orders();
        for _ in 0..200 {
            orders = controller.steer(&at(0.2));
        }
        let full = self::controller().orders();
        assert_eq!(orders, full);
    }

    #[test]
    fn between_room_and_limit_nothing_changes() {
        let mut controller = controller();
        (0..10).for_each(|_| drop(controller.steer(&at(1.5))));
        let before = controller.orders();
        (0..50).for_each(|_| drop(controller.steer(&at(0.9))));
        assert_eq!(controller.orders(), before);
    }

    #[test]
    fn a_budget_stops_it_and_all_reasons_are_told() {
        let mut controller = controller();
        let orders = controller.steer(&[
            Verdict::stop("standby s1 is behind"),
            Verdict::stop("paused"),
        ]);
        assert!(orders.stop);
        assert_eq!(orders.why.as_deref(), Some("standby s1 is behind; paused"));
        assert!(!controller.steer(&at(0.0)).stop);
    }

    #[test]
    fn harm_makes_it_rest_for_a_while() {
        let mut controller = controller();
        assert!(!controller.steer(&at(5.0)).stop, "once may be chance");
        assert!(controller.steer(&at(5.0)).stop);
        let resting = (0..1_000)
            .take_while(|_| controller.steer(&at(0.1)).stop)
            .count();
        assert_eq!(resting, HIBERNATE_SAMPLES as usize - 1);
    }

    #[test]
    fn alone_batches_may_be_longer_and_all_workers_work() {
        let mut controller = controller();
        controller.sampled(true, 1_000.0);
        let beside = controller.orders().batch_target;
        assert_eq!(controller.orders().workers, 1);
        controller.sampled(false, 1_000.0);
        assert!(controller.orders().batch_target > beside * 2);
        assert_eq!(controller.orders().workers, 4);
    }

    #[test]
    fn what_is_too_much_however_slowly_it_goes_is_told() {
        let mut controller = controller();
        (0..30).for_each(|_| drop(controller.steer(&at(1.2))));
        assert_eq!(
            controller.beyond_its_power(),
            None,
            "there is room for going slower"
        );
        (0..200).for_each(|_| drop(controller.steer(&at(1.2))));
        assert_eq!(controller.beyond_its_power(), Some("too many"));
        controller.steer(&at(0.9));
        assert_eq!(controller.beyond_its_power(), None);
    }

    #[test]
    fn with_a_latency_budget_it_begins_gently() {
        let settings = Settings {
            latency_budget_percent: Some(25),
            ..Settings::default()
        };
        let orders = Controller::new(&settings, 4).orders();
        assert!(
            orders.share < 1.0
                && orders.workers == 1
                && orders.batch_target == settings.batch_target.mul_f64(SHORTEST)
        );
    }
}
