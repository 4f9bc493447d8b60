//! How large the next batch is: steered so that a batch works for as long as the target says. Pure.
//!
//! A batch that waits for a core, a lock or the disk takes longer, but it isn't longer: smaller
//! batches would wait as often, and what goes with each would be all that is done. So the judgement
//! rests on those that waited least.

use super::fixed::lower_eighth;
use std::collections::VecDeque;
use std::time::Duration;

/// Batches that the judgement rests on.
const SAMPLES: usize = 16;

/// Between these multiples of the target nothing changes.
const NEAR: std::ops::Range<f64> = 0.8..1.25;

/// A batch that takes so many times its target, and changed as many times the rows that a block had
/// before, is too large.
const FAR: f64 = 5.0;
const DENSER: f64 = 2.0;

/// A block's part of a batch is never less than the batch by this.
const OF_BLOCKS_MIN: f64 = 20.0;

/// By so much it shrinks at once.
const SHRINK_MAX: f64 = 8.0;

/// What a block took in one batch.
#[derive(Debug, Clone, Copy)]
struct Sample {
    seconds: f64,
    rows: f64,
}

/// Steers the blocks of a batch.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    target: Duration,
    /// What of it goes with every batch, however little it changes.
    fixed: Duration,
    blocks_max: u32,
    blocks: f64,
    samples: VecDeque<Sample>,
    /// Until a batch comes near the target the size may double, later it grows by half.
    slow_start: bool,
}

impl Pace {
    pub(crate) fn new(target: Duration, blocks_max: u32) -> Pace {
        Pace {
            target,
            fixed: Duration::ZERO,
            blocks_max,
            blocks: 8.0,
            samples: VecDeque::new(),
            slow_start: true,
        }
    }

    /// Blocks for the next batch, at least 1.
    pub(crate) fn blocks(&self) -> u32 {
        (self.blocks as u32).clamp(1, self.blocks_max)
    }

    /// How long a batch should work.
    pub(crate) fn target(&self) -> Duration {
        self.target
    }

    /// How long a batch of so many blocks works when it waits for nobody, once there is a measure.
    pub(crate) fn undisturbed(&self, blocks: u32) -> Option<Duration> {
        let a_block = lower_eighth(self.samples.iter().map(|sample| sample.seconds))?;
        Some(self.fixed + Duration::from_secs_f64(a_block * f64::from(blocks)))
    }

    /// Changes the target, and what of it goes with every batch.
    pub(crate) fn aim(&mut self, target: Duration, fixed: Duration) {
        self.fixed = fixed;
        if target < self.target {
            // Shorter at once; longer is found out.
            self.blocks = (self.blocks * target.as_secs_f64() / self.target.as_secs_f64()).max(1.0);
        }
        self.target = target;
    }

    /// Changes the bound, such as when a window is walked in more or fewer passes.
    pub(crate) fn bound(&mut self, blocks_max: u32) {
        self.blocks_max = blocks_max.max(1);
        self.blocks = self.blocks.min(f64::from(self.blocks_max));
    }

    /// A batch of so many blocks went well, and changed so many rows.
    pub(crate) fn took(&mut self, duration: Duration, blocks: u32, rows: u64) {
        let target = self.target.as_secs_f64().max(1e-6);
        let times = duration.as_secs_f64() / target;
        let in_all = f64::from(blocks.max(1));
        // What goes with every batch is none of its blocks', or batches of one block would look as
        // long as they may be.
        let of_blocks = duration
            .saturating_sub(self.fixed)
            .max(duration.div_f64(OF_BLOCKS_MIN));
        let sample = Sample {
            seconds: of_blocks.as_secs_f64() / in_all,
            rows: rows as f64 / in_all,
        };
        if times > FAR && sample.rows > DENSER * self.rows_of_a_block() {
            self.shrink(times.min(SHRINK_MAX));
            self.samples.push_back(sample);
            return;
        }
        // The last batch of a range may be a small one: what goes with it would count for too much.
        if f64::from(blocks) < self.blocks / 2.0 && times < 1.0 {
            return;
        }
        self.samples.push_back(sample);
        if self.samples.len() > SAMPLES {
            self.samples.pop_front();
        }
        let a_block = lower_eighth(self.samples.iter().map(|sample| sample.seconds))
            .unwrap_or_default()
            .max(1e-9);
        let wanted = self.target.saturating_sub(self.fixed).as_secs_f64() / a_block;
        if wanted < self.blocks * 2.0 {
            self.slow_start = false;
        }
        if NEAR.contains(&(wanted / self.blocks)) {
            return;
        }
        // From the size that was measured on: several batches may be under way, and none of them is
        // larger yet.
        let growth = if self.slow_start { 2.0 } else { 1.5 };
        let most = (f64::from(blocks) * growth)
            .max(f64::from(blocks) + 1.0)
            .max(self.blocks);
        let least = self.blocks / 2.0;
        self.blocks = wanted
            .clamp(least.min(most), most)
            .clamp(1.0, f64::from(self.blocks_max));
    }

    /// A batch met a lock, or was cut off.
    pub(crate) fn stumbled(&mut self) {
        self.shrink(2.0);
    }

    /// As the samples have it.
    fn rows_of_a_block(&self) -> f64 {
        let rows: f64 = self.samples.iter().map(|sample| sample.rows).sum();
        rows / self.samples.len().max(1) as f64
    }

    fn shrink(&mut self, by: f64) {
        self.slow_start = false;
        self.samples.clear();
        self.blocks = (self.blocks / by).max(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixed::Fixed;
    use super::*;

    const TARGET: Duration = Duration::from_millis(20);

    /// Runs batches on a table where a block takes so long.
    fn settled(block: Duration) -> u32 {
        let mut pace = Pace::new(TARGET, 2_048);
        for _ in 0..60 {
            pace.took(block * pace.blocks(), pace.blocks(), 48);
        }
        pace.blocks()
    }

    #[test]
    fn it_settles_at_the_target_whatever_a_block_costs() {
        for micros in [20, 100, 1_000, 5_000] {
            let block = Duration::from_micros(micros);
            let batch = block * settled(block);
            assert!(
                batch > TARGET / 2 && batch < TARGET * 3 / 2,
                "{micros} µs a block: {batch:?} a batch"
            );
        }
    }

    #[test]
    fn it_never_falls_below_one_block_nor_exceeds_the_bound() {
        assert_eq!(settled(Duration::from_secs(1)), 1);
        assert_eq!(settled(Duration::from_nanos(10)), 2_048);
    }

    /// A pace at its target on a table where a block takes 0.1 ms.
    fn at_its_target() -> Pace {
        let mut pace = Pace::new(TARGET, 2_048);
        for _ in 0..60 {
            pace.took(
                Duration::from_micros(100) * pace.blocks(),
                pace.blocks(),
                u64::from(pace.blocks()) * 10,
            );
        }
        pace
    }

    #[test]
    fn a_shorter_target_makes_batches_shorter_at_once() {
        let mut pace = at_its_target();
        let before = pace.blocks();
        pace.aim(TARGET / 4, Duration::ZERO);
        assert!(pace.blocks() <= before / 4);
        for _ in 0..60 {
            pace.took(
                Duration::from_micros(100) * pace.blocks(),
                pace.blocks(),
                u64::from(pace.blocks()) * 10,
            );
        }
        assert!(pace.blocks() <= before / 3, "and they stay short");
    }

    #[test]
    fn a_stumble_halves_it_at_once() {
        let mut pace = at_its_target();
        let before = pace.blocks();
        pace.stumbled();
        assert_eq!(pace.blocks(), before / 2);
    }

    #[test]
    fn what_a_batch_waits_is_what_it_takes_beyond_that() {
        let mut pace = Pace::new(TARGET, 2_048);
        assert_eq!(pace.undisturbed(8), None);
        for waited in [0, 0, 30, 30, 30, 30] {
            pace.took(Duration::from_millis(8 + waited), 8, 80);
        }
        assert_eq!(pace.undisturbed(8).map(|alone| alone.as_millis()), Some(8));
    }

    #[test]
    fn batches_under_way_are_no_larger_than_what_was_measured() {
        let mut pace = Pace::new(TARGET, 2_048);
        // Eight answers come in to batches of eight blocks.
        for _ in 0..8 {
            pace.took(Duration::from_micros(800), 8, 80);
        }
        assert!(pace.blocks() <= 16, "{}", pace.blocks());
    }

    #[test]
    fn batches_of_one_block_grow_again() {
        let mut pace = Pace::new(Duration::from_millis(5), 2_048);
        (0..10).for_each(|_| pace.stumbled());
        assert_eq!(pace.blocks(), 1);
        let (fixed, block) = (Duration::from_micros(1_200), Duration::from_micros(40));
        for _ in 0..100 {
            pace.aim(Duration::from_millis(5), fixed);
            pace.took(fixed + block * pace.blocks(), pace.blocks(), 40);
        }
        assert!(pace.blocks() > 60, "{}", pace.blocks());
    }

    #[test]
    fn a_long_batch_is_a_wait_unless_it_changed_more_rows() {
        let mut pace = at_its_target();
        let before = pace.blocks();
        pace.took(TARGET * 50, before, u64::from(before) * 10);
        assert_eq!(pace.blocks(), before);
        pace.took(TARGET * 6, before, u64::from(before) * 60);
        assert_eq!(pace.blocks(), before / 6);
    }

    /// A server as others' loads make it: what goes with a batch, and what a block costs, in
    /// microseconds. So often, in percent, a statement waits for a core, for as long as a
    /// scheduler's turn.
    struct Server {
        fixed: u64,
        block: u64,
        waits: u64,
        turn: u64,
        chance: u64,
    }

    impl Server {
        fn works(&mut self, blocks: u32) -> (Duration, Duration) {
            // Knuth's linear congruential generator: the same each time.
            self.chance = self
                .chance
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let waited = if (self.chance >> 33) % 100 < self.waits {
                self.turn
            } else {
                0
            };
            let work = self.fixed + self.block * u64::from(blocks);
            (
                Duration::from_micros(work),
                Duration::from_micros(work + waited),
            )
        }
    }

    /// The share of the worked time that goes into blocks once it has settled, and how long a batch
    /// works.
    fn run(mut server: Server, target: Duration) -> (f64, Duration) {
        let mut pace = Pace::new(target, 512);
        let mut fixed = Fixed::new(Duration::ZERO);
        let (mut all, mut useful, mut batches) = (Duration::ZERO, Duration::ZERO, 0);
        for number in 0..4_000 {
            if number % 100 == 0 {
                fixed.measured(server.works(0).1);
            }
            pace.aim(target.max(fixed.least()), fixed.on_server());
            let blocks = pace.blocks();
            let (worked, took) = server.works(blocks);
            pace.took(took, blocks, u64::from(blocks) * 40);
            if number >= 1_000 {
                all += worked;
                useful += Duration::from_micros(server.block * u64::from(blocks));
                batches += 1;
            }
        }
        (useful.as_secs_f64() / all.as_secs_f64(), all / batches)
    }

    #[test]
    fn on_no_server_does_what_goes_with_a_batch_take_more_than_a_quarter() {
        let target = Duration::from_millis(2);
        for (fixed, block) in [(60, 20), (200, 50), (400, 120), (1_500, 300), (4_000, 40)] {
            for (waits, turn) in [(0, 0), (20, 4_000), (60, 4_000), (60, 24_000)] {
                let (useful, batch) = run(
                    Server {
                        fixed,
                        block,
                        waits,
                        turn,
                        chance: 7,
                    },
                    target,
                );
                let told = format!(
                    "{fixed} µs a batch, {block} a block, {waits} % wait {turn} µs: {batch:?}"
                );
                // Three quarters, but for what the readings are off.
                assert!(useful > 0.66, "{told}: {useful:.2} of it useful");
                // As long as it should be, or as it has to be.
                let least = target.max(Duration::from_micros(4 * fixed + block));
                assert!(batch < least * 3, "{told}: too long for others");
            }
        }
    }
}
