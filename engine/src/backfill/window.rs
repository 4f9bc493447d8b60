//! How a window of blocks is walked: once, or in several passes that leave room on each page for
//! the next. Pure.
//!
//! A page that is full can't take a HOT update: the new version has to go to another page, and
//! every index learns of it. So the first pass updates a slice of each page's rows and commits;
//! when the next pass comes round, PostgreSQL prunes the dead versions as it reads the page, and
//! the next slice fits where they were. A window, not a page, is the unit of revisiting: by then
//! the other workers' snapshots have moved on, and pruning finds work.

/// Fewer passes than this aren't worth the second look.
const PASSES_MIN: u16 = 4;

/// Below this share of HOT updates, passes cost more than they save.
const HOT_SHARE_MIN: f64 = 0.15;

/// After so many windows in one pass, several are tried again.
const RETRY_AFTER_WINDOWS: u32 = 32;

/// How many blocks a batch may have at the most, so that a pass isn't one batch: with a single one
/// the other workers' snapshots would still see what the pass before left behind.
pub(crate) fn batch_blocks_max(window_blocks: u32, passes: u16) -> u32 {
    if passes > 1 {
        (window_blocks / 4).max(1)
    } else {
        window_blocks
    }
}

/// How many passes a window needs, the first of which is done: it changed so many `rows` of those
/// that the `whole` window has. Two at the least: what the first one left.
pub(crate) fn passes_left(passes: u16, rows: u64, whole: f64) -> u16 {
    let share = rows as f64 * f64::from(passes) / whole.max(1.0);
    ((share * f64::from(passes)).ceil() as u16).clamp(2, passes.max(2))
}

/// Decides how many passes the next window gets.
#[derive(Debug, Clone)]
pub(crate) struct Passes {
    most: u16,
    /// Windows in one pass since several turned out useless; none while they are useful.
    resting: Option<u32>,
}

impl Passes {
    /// Two rows a page and pass: with more, a tenth of the rows has to move before the others fit,
    /// and index pages that were built nine tenths full split. `hot`: no index covers what is
    /// written. `rows_per_block`: as estimated for the table.
    pub(crate) fn new(hot: bool, rows_per_block: f64, passes_max: u16) -> Passes {
        let wanted = (rows_per_block / 2.0)
            .round()
            .clamp(0.0, f64::from(passes_max)) as u16;
        let most = if hot && wanted >= PASSES_MIN {
            wanted
        } else {
            1
        };
        Passes {
            most,
            resting: None,
        }
    }

    /// The passes for the next window.
    pub(crate) fn next(&mut self, old_snapshot: bool) -> u16 {
        if old_snapshot {
            return 1;
        }
        match self.resting {
            Some(windows) if windows < RETRY_AFTER_WINDOWS => {
                self.resting = Some(windows + 1);
                1
            }
            _ => {
                self.resting = None;
                self.most
            }
        }
    }

    /// What came of a window.
    pub(crate) fn learned(&mut self, passes: u16, rows: u64, hot: u64) {
        if passes > 1 && rows > 0 && (hot as f64) < HOT_SHARE_MIN * rows as f64 {
            self.resting = Some(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_rows_get_more_passes_and_wide_rows_one() {
        assert_eq!(Passes::new(true, 48.0, 12).next(false), 12);
        assert_eq!(Passes::new(true, 12.0, 12).next(false), 6);
        assert_eq!(Passes::new(true, 3.0, 12).next(false), 1);
        assert_eq!(Passes::new(false, 48.0, 12).next(false), 1);
        assert_eq!(Passes::new(true, 48.0, 1).next(false), 1);
    }

    #[test]
    fn an_old_snapshot_means_one_pass() {
        assert_eq!(Passes::new(true, 48.0, 12).next(true), 1);
    }

    #[test]
    fn useless_passes_rest_for_a_while() {
        let mut passes = Passes::new(true, 48.0, 12);
        passes.learned(12, 1_000, 20);
        let next: Vec<u16> = (0..=RETRY_AFTER_WINDOWS)
            .map(|_| passes.next(false))
            .collect();
        assert!(
            next[..RETRY_AFTER_WINDOWS as usize]
                .iter()
                .all(|&passes| passes == 1)
        );
        assert_eq!(next.last(), Some(&12));
        passes.learned(12, 1_000, 700);
        assert_eq!(passes.next(false), 12);
    }

    #[test]
    fn few_rows_need_few_passes() {
        assert_eq!(passes_left(24, 4_000, 96_000.0), 24, "all of them");
        assert_eq!(passes_left(24, 2_000, 96_000.0), 12, "half of them");
        assert_eq!(passes_left(24, 40, 96_000.0), 2);
        assert_eq!(passes_left(24, 0, 0.0), 2);
        assert_eq!(passes_left(24, 9_000, 96_000.0), 24, "never more");
    }

    #[test]
    fn a_pass_over_a_window_has_several_batches() {
        assert_eq!(batch_blocks_max(2_048, 12), 512);
        assert_eq!(batch_blocks_max(2_048, 1), 2_048);
        assert_eq!(batch_blocks_max(2, 12), 1);
    }
}
