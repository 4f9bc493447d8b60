//! How large the next batch is: steered so that nine of ten batches take no longer than the target. Pure.

use std::collections::VecDeque;
use std::time::Duration;

/// Batches that the judgement rests on.
const SAMPLES: usize = 10;

/// Steers the blocks of a batch.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    target: Duration,
    blocks_max: u32,
    blocks: f64,
    samples: VecDeque<Duration>,
    /// Until a batch comes near the target the size may double, later it grows by half.
    slow_start: bool,
}

impl Pace {
    pub(crate) fn new(target: Duration, blocks_max: u32) -> Pace {
        Pace { target, blocks_max, blocks: 8.0, samples: VecDeque::new(), slow_start: true }
    }

    /// Blocks for the next batch, at least 1.
    pub(crate) fn blocks(&self) -> u32 {
        (self.blocks as u32).clamp(1, self.blocks_max)
    }

    /// Changes the target.
    pub(crate) fn aim(&mut self, target: Duration) {
        if target < self.target {
            // Shorter at once; longer is found out.
            self.blocks = (self.blocks * target.as_secs_f64() / self.target.as_secs_f64()).max(1.0);
        }
        if target != self.target {
            self.samples.clear();
        }
        self.target = target;
    }

    /// Changes the bound, such as when a window is walked in more or fewer passes.
    pub(crate) fn bound(&mut self, blocks_max: u32) {
        self.blocks_max = blocks_max.max(1);
        self.blocks = self.blocks.min(f64::from(self.blocks_max));
    }

    /// A batch went well. `full`: it had all the blocks that it asked for.
    pub(crate) fn took(&mut self, duration: Duration, full: bool) {
        if duration > self.target * 5 {
            self.shrink(8.0);
            return;
        }
        if !full && duration < self.target {
            return;
        }
        self.samples.push_back(duration);
        if self.samples.len() > SAMPLES {
            self.samples.pop_front();
        }
        let mut sorted: Vec<Duration> = self.samples.iter().copied().collect();
        sorted.sort_unstable();
        let slow = sorted[(sorted.len() * 9 / 10).min(sorted.len() - 1)];
        let wanted = self.target.as_secs_f64() / slow.as_secs_f64().max(1e-6);
        if wanted < 2.0 {
            self.slow_start = false;
        }
        let growth_max = if self.slow_start { 2.0 } else { 1.5 };
        let factor = wanted.clamp(0.5, growth_max);
        // A change of size makes the samples stale; near the target they stay.
        if !(0.8..1.25).contains(&factor) {
            self.samples.clear();
        }
        self.blocks = (self.blocks * factor).clamp(1.0, f64::from(self.blocks_max));
    }

    /// A batch met a lock, or was cut off.
    pub(crate) fn stumbled(&mut self) {
        self.shrink(2.0);
    }

    fn shrink(&mut self, by: f64) {
        self.slow_start = false;
        self.samples.clear();
        self.blocks = (self.blocks / by).max(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Duration = Duration::from_millis(20);

    /// Runs batches on a table where a block takes so long.
    fn settled(block: Duration) -> u32 {
        let mut pace = Pace::new(TARGET, 2_048);
        for _ in 0..60 {
            pace.took(block * pace.blocks(), true);
        }
        pace.blocks()
    }

    #[test]
    fn it_settles_at_the_target_whatever_a_block_costs() {
        for micros in [20, 100, 1_000, 5_000] {
            let block = Duration::from_micros(micros);
            let batch = block * settled(block);
            assert!(batch > TARGET / 2 && batch < TARGET * 3 / 2, "{micros} µs a block: {batch:?} a batch");
        }
    }

    #[test]
    fn it_never_falls_below_one_block_nor_exceeds_the_bound() {
        assert_eq!(settled(Duration::from_secs(1)), 1);
        assert_eq!(settled(Duration::from_nanos(10)), 2_048);
    }

    #[test]
    fn a_shorter_target_makes_batches_shorter_at_once() {
        let mut pace = Pace::new(TARGET, 2_048);
        for _ in 0..60 {
            pace.took(Duration::from_micros(100) * pace.blocks(), true);
        }
        let before = pace.blocks();
        pace.aim(TARGET / 4);
        assert!(pace.blocks() <= before / 4);
        for _ in 0..60 {
            pace.took(Duration::from_micros(100) * pace.blocks(), true);
        }
        assert!(pace.blocks() <= before / 3, "and they stay short");
    }

    #[test]
    fn a_stumble_halves_it_at_once() {
        let mut pace = Pace::new(TARGET, 2_048);
        for _ in 0..60 {
            pace.took(Duration::from_micros(100) * pace.blocks(), true);
        }
        let before = pace.blocks();
        pace.stumbled();
        assert_eq!(pace.blocks(), before / 2);
        pace.took(TARGET * 6, true);
        assert_eq!(pace.blocks(), before / 16);
    }
}
