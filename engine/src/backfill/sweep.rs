//! The sweep: what is left in some blocks is counted, and changed.

use super::stuck::Stuck;
use super::worker::{Changed, Cut, STUMBLES_MAX, SWEEPS_MAX, Worker, poisoned};
use crate::error::{Class, Error};
use crate::retry::Backoff;
use crate::tid::Tid;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// After so many failures on the same blocks, each with half as many of them, a count gives up.
const COUNT_FAILURES_MAX: u32 = 20;

impl Worker {
    /// Looks for rows that are left in some blocks, and changes them.
    pub(super) async fn sweep(&mut self, leaf: usize, start: i64, end: i64) -> Result<(), Error> {
        self.pace.bound(self.shared.settings.window_blocks);
        for sweep in 0..=SWEEPS_MAX {
            self.gate().await?;
            let left = self.pending(leaf, start, end).await?;
            if left == 0 {
                break;
            }
            if sweep == SWEEPS_MAX {
                self.shared.left.fetch_add(left, Ordering::Relaxed);
                break;
            }
            let mut from = start;
            let (mut stumbles, mut stuck) = (0, Stuck::default());
            while from < end {
                self.gate().await?;
                let upto = (from + i64::from(self.pace.blocks())).min(end);
                let cut = Cut {
                    from,
                    upto,
                    pass: 0,
                    passes: 1,
                };
                let began = Instant::now();
                // Locked rows are waited for on all but the last sweep, so that one long
                // transaction can't hold us.
                match self.unmarked(leaf, cut, stumbles >= STUMBLES_MAX).await {
                    Ok(rows) => {
                        let blocks = u32::try_from(upto - from).unwrap_or(u32::MAX);
                        self.took(
                            began.elapsed().saturating_sub(self.fixed.way()),
                            blocks,
                            rows,
                        );
                        self.shared.rows.fetch_add(rows, Ordering::Relaxed);
                        self.pay(rows).await;
                        from = upto;
                        stumbles = 0;
                        stuck.moved();
                    }
                    Err(error) => match error.class() {
                        Class::Contention => {
                            stumbles += 1;
                            self.pace.stumbled();
                            if error.is_of_time() && upto - from == 1 && stumbles > STUMBLES_MAX {
                                let rows = self.row_by_row(leaf, cut).await?;
                                self.shared.rows.fetch_add(rows, Ordering::Relaxed);
                                (from, stumbles) = (upto, 0);
                            } else {
                                stuck.stumbled(&self.shared, cut, &error)?;
                            }
                        }
                        Class::Connection => self.reconnect(&error.to_string()).await?,
                        Class::Fatal => return Err(poisoned(cut, error)),
                    },
                }
            }
            // What is left is locked by someone: give it time.
            let pause = Duration::from_millis(200) * (sweep + 1);
            self.shared.stop.sleep(pause).await?;
        }
        self.shared.moved(end - start, 1, Changed::default());
        Ok(())
    }

    /// Counts the rows that are left in some blocks; in shorter stretches when a count takes too
    /// long.
    async fn pending(&mut self, leaf: usize, start: i64, end: i64) -> Result<i64, Error> {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
        let (mut left, mut from, mut blocks) = (0, start, end - start);
        let mut failures = 0;
        let doing = format!("{}, counting what is left", self.shared.doing(leaf));
        while from < end {
            let upto = (from + blocks).min(end);
            let (first, after) = (Tid::start_of(from), Tid::start_of(upto));
            let counted = match self.prepared(leaf).await {
                Ok(prepared) => {
                    self.session
                        .query_one(&doing, &prepared.pending, &[&first, &after])
                        .await
                }
                Err(error) => Err(error),
            };
            match counted {
                Ok(row) => {
                    left += row.get::<_, i64>(0);
                    (from, failures) = (upto, 0);
                }
                Err(error) if error.class() == Class::Connection => {
                    self.reconnect(&error.to_string()).await?;
                }
                Err(error)
                    if error.class() == Class::Contention && failures < COUNT_FAILURES_MAX =>
                {
                    failures += 1;
                    blocks = (blocks / 2).max(1);
                    self.shared.stop.sleep(backoff.next(rand::random())).await?;
                }
                Err(error) if error.class() == Class::Contention => {
                    let cut = Cut {
                        from,
                        upto,
                        pass: 0,
                        passes: 1,
                    };
                    return Err(Stuck::ended(cut, &error));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(left)
    }

    async fn unmarked(&mut self, leaf: usize, cut: Cut, around_locks: bool) -> Result<u64, Error> {
        let prepared = self.prepared(leaf).await?;
        let statement = if around_locks {
            &prepared.unlocked
        } else {
            &prepared.all
        };
        self.session
            .execute(
                self.shared.doing(leaf),
                statement,
                &[&Tid::start_of(cut.from), &Tid::start_of(cut.upto)],
            )
            .await
    }
}
