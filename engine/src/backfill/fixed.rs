//! What goes with every batch, however little it changes: BEGIN, the counters, the checkpoint and
//! COMMIT on the server, and the way there and back. Pure.

use std::collections::VecDeque;
use std::time::Duration;

/// Readings that are kept.
const KEPT: usize = 16;

/// The largest share of a batch that may go into what goes with it. Gentler than that is a rest,
/// not a crumb.
const SHARE_MAX: f64 = 0.25;

/// Where others are at work a gap of this share of a batch is left between two: it is when they get
/// the core.
const GAP: f64 = 0.25;

/// The most batches under way at a time: what stands behind one that fails is done again.
const DEPTH_MAX: usize = 8;

/// What goes with every batch, as measured by batches of nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fixed {
    /// Between us and the server, there and back.
    way: Duration,
    on_server: VecDeque<Duration>,
}

impl Fixed {
    pub(crate) fn new(way: Duration) -> Fixed {
        Fixed {
            way,
            on_server: VecDeque::new(),
        }
    }

    /// A batch of nothing took so long, with the way.
    pub(crate) fn measured(&mut self, took: Duration) {
        self.on_server.push_back(took.saturating_sub(self.way));
        if self.on_server.len() > KEPT {
            self.on_server.pop_front();
        }
    }

    /// The way there and back.
    pub(crate) fn way(&self) -> Duration {
        self.way
    }

    /// What it takes on the server; nothing as long as it isn't measured.
    pub(crate) fn on_server(&self) -> Duration {
        // What waited for a core in between says nothing of the work.
        lower_eighth(self.on_server.iter().copied()).unwrap_or_default()
    }

    /// The shortest batch that is worth it.
    pub(crate) fn least(&self) -> Duration {
        self.on_server().div_f64(SHARE_MAX)
    }

    /// So many batches of a length are under way at a time, so that the server needn't wait for us.
    /// `alone`: nobody else would use the time in between.
    pub(crate) fn depth(&self, batch: Duration, alone: bool) -> usize {
        let gap = if alone { 0.0 } else { GAP };
        let ways = self.way.as_secs_f64() / batch.as_secs_f64().max(1e-6);
        ((ways - gap).ceil().max(0.0) as usize + 1).min(DEPTH_MAX)
    }
}

/// One in eight readings is no longer than this: what a thing takes when it hasn't to wait for
/// others.
pub(crate) fn lower_eighth<T: PartialOrd + Copy>(readings: impl Iterator<Item = T>) -> Option<T> {
    let mut sorted: Vec<T> = readings.collect();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    sorted.get(sorted.len() / 8).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(number: f64) -> Duration {
        Duration::from_secs_f64(number / 1_000.0)
    }

    #[test]
    fn a_batch_is_four_times_what_goes_with_it_whatever_the_network() {
        for way in [0.05, 5.0] {
            let mut fixed = Fixed::new(milliseconds(way));
            assert_eq!(fixed.least(), Duration::ZERO, "not measured yet");
            for waited in [0.0, 0.0, 8.0, 0.0, 12.0] {
                fixed.measured(milliseconds(way + 0.4 + waited));
            }
            assert!(
                (fixed.least().as_secs_f64() - 0.0016).abs() < 1e-9,
                "{:?}",
                fixed.least()
            );
        }
    }

    #[test]
    fn a_server_far_away_always_has_a_batch_to_do() {
        for way in [0.05, 0.5, 1.0, 3.0, 5.0, 12.0] {
            let fixed = Fixed::new(milliseconds(way));
            for batch in [2.0, 5.0] {
                let busy = |alone| {
                    // As much as is under way is done while the first answer travels and the next
                    // batch comes.
                    let depth = fixed.depth(milliseconds(batch), alone) as f64;
                    (depth * batch / (batch + way)).min(1.0)
                };
                assert!(
                    busy(false) >= 0.8,
                    "{way} ms, batches of {batch} ms: {}",
                    busy(false)
                );
                assert!(
                    busy(true) >= 0.99,
                    "{way} ms, batches of {batch} ms, alone: {}",
                    busy(true)
                );
            }
        }
        assert_eq!(
            Fixed::new(milliseconds(0.05)).depth(milliseconds(2.0), false),
            1,
            "near by there is a gap"
        );
    }
}
