//! Settings, their defaults and where those come from.

use crate::hours::Hours;
use std::time::Duration;

/// How the engine behaves. The defaults suit a busy production server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The longest that a strong lock is waited for at a time: it is the longest stall that others
    /// see.
    pub lock_timeout: Duration,
    /// After so long without a lock a step fails, to be run again.
    pub lock_budget: Duration,
    /// How long one batch should take on the server while others are at work there; alone it may
    /// take 5 ms. Never less than four times what goes with every batch, which is measured.
    pub batch_target: Duration,
    /// The most connections for a backfill. While others are at work it begins with one, and takes
    /// on more as long as each brings three quarters of what one alone does.
    pub workers: u16,
    /// As if nobody else were at work: all workers at once, batches of 5 ms. For quiet hours.
    pub eager: bool,
    /// Blocks (of 8 KiB) that a worker walks several times before it goes on.
    pub window_blocks: u32,
    /// The most passes over a window. 1 turns HOT windows off.
    pub passes_max: u16,
    /// A ceiling for all workers together.
    pub rows_per_second_max: Option<u32>,
    /// A ceiling on WAL for all workers together, in bytes a second. Estimated from what the whole
    /// server writes.
    pub wal_bytes_per_second_max: Option<u64>,
    /// How much longer queries of the table may take than before, in percent. With it the backfill
    /// begins gently and finds out how much there is room for.
    pub latency_budget_percent: Option<u32>,
    /// So many sessions besides ours may be active before it slows down.
    pub active_sessions_max: Option<u32>,
    /// A query that gives true, or a number above zero, while the backfill should stand still.
    pub throttle_query: Option<String>,
    /// Hours in which a backfill may work.
    pub hours: Option<Hours>,
    /// A standby with more WAL than this ahead of it, in bytes, slows the backfill down.
    pub replica_backlog_max_bytes: u64,
    /// Above this share of dead rows the table is vacuumed between windows, unless autovacuum is at
    /// it.
    pub vacuum_dead_share: f64,
    /// A standby further behind than this stops the backfill until it has caught up.
    pub replica_lag_max: Duration,
    /// After so long without a connection a run ends, to be continued later.
    pub reconnect_budget: Duration,
    /// A connection without an answer for so much longer than a statement may take is lost, and
    /// another one is opened.
    pub silence: Duration,
    /// How long to wait for another engine that is at work on the database.
    pub patience: Duration,
    /// Whether subscribers of publications are ready for what a revision lets them have: without it
    /// a run that would stop them is refused.
    pub subscribers_ready: bool,
    /// Whether each revision gets a schema of views with its names and types, for code that names
    /// its version.
    pub versions: bool,
    /// Whether plans are compared with the author's statements, in scratch databases, before the
    /// first change.
    pub rehearse: Rehearse,
}

/// When a plan is rehearsed before it is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rehearse {
    /// Where the right to make databases is there, and the revision is about what isn't new.
    #[default]
    Auto,
    /// As `Auto`, and without the right nothing is run.
    Always,
    /// Never.
    Never,
}

impl std::str::FromStr for Rehearse {
    type Err = String;

    fn from_str(text: &str) -> Result<Rehearse, String> {
        match text {
            "auto" => Ok(Rehearse::Auto),
            "always" => Ok(Rehearse::Always),
            "never" => Ok(Rehearse::Never),
            other => Err(format!("`{other}` is none of auto, always, never")),
        }
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            lock_timeout: Duration::from_millis(250),
            lock_budget: Duration::from_mins(10),
            batch_target: Duration::from_micros(500),
            workers: 2,
            eager: false,
            window_blocks: 2_048,
            passes_max: 24,
            rows_per_second_max: None,
            wal_bytes_per_second_max: None,
            latency_budget_percent: None,
            active_sessions_max: None,
            throttle_query: None,
            hours: None,
            replica_backlog_max_bytes: 1_000_000_000,
            vacuum_dead_share: 0.2,
            replica_lag_max: Duration::from_secs(10),
            reconnect_budget: Duration::from_mins(10),
            silence: Duration::from_secs(15),
            patience: Duration::from_millis(1_500),
            subscribers_ready: false,
            versions: false,
            rehearse: Rehearse::Auto,
        }
    }
}

impl Settings {
    /// So many connections a run needs at once: one with the lock, and one for DDL.
    pub(crate) const CONNECTIONS_MIN: usize = 2;

    /// What each connection is for.
    pub(crate) const CONNECTIONS: &str = "one connection holds the lock, one runs DDL, one monitors the server, each worker has one \
        (--workers), and so has a latency budget";

    /// So many it needs at least where it fills rows: one that monitors the server, one worker, and
    /// one that measures latencies.
    pub(crate) fn connections_of_backfill(&self) -> usize {
        Settings::CONNECTIONS_MIN + 2 + usize::from(self.latency_budget_percent.is_some())
    }

    /// Checks that the settings go together.
    ///
    /// # Errors
    ///
    /// A sentence that names the setting and its bounds.
    pub fn check(&self) -> Result<(), String> {
        let bounds = [
            (
                "lock_timeout",
                self.lock_timeout >= Duration::from_millis(10),
                "at least 10 ms",
            ),
            (
                "lock_timeout",
                self.lock_timeout <= Duration::from_secs(5),
                "at most 5 s: everyone behind it waits",
            ),
            (
                "lock_budget",
                self.lock_budget >= self.lock_timeout,
                "at least lock_timeout",
            ),
            (
                "batch_target",
                self.batch_target >= Duration::from_micros(200),
                "at least 0.2 ms",
            ),
            (
                "batch_target",
                self.batch_target <= Duration::from_millis(500),
                "at most 500 ms: rows stay locked so long",
            ),
            ("workers", (1..=64).contains(&self.workers), "from 1 to 64"),
            (
                "window_blocks",
                (1..=1 << 20).contains(&self.window_blocks),
                "from 1 to 1048576",
            ),
            (
                "passes_max",
                (1..=64).contains(&self.passes_max),
                "from 1 to 64",
            ),
            (
                "silence",
                self.silence >= Duration::from_millis(100),
                "at least 0.1 s",
            ),
            (
                "replica_backlog_max_bytes",
                self.replica_backlog_max_bytes > 0,
                "at least 1",
            ),
            ("vacuum_dead_share", self.vacuum_dead_share > 0.0, "above 0"),
        ];
        let limits = [
            ("wal_bytes_per_second_max", self.wal_bytes_per_second_max),
            (
                "latency_budget_percent",
                self.latency_budget_percent.map(u64::from),
            ),
            (
                "active_sessions_max",
                self.active_sessions_max.map(u64::from),
            ),
            (
                "rows_per_second_max",
                self.rows_per_second_max.map(u64::from),
            ),
        ];
        let limits = limits.map(|(name, limit)| (name, limit != Some(0), "at least 1"));
        let mut all = bounds.into_iter().chain(limits);
        match all.find(|(_, holds, _)| !holds) {
            Some((name, _, bound)) => Err(format!("setting {name} must be {bound}")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_go_together() {
        assert_eq!(Settings::default().check(), Ok(()));
    }

    #[test]
    fn a_setting_out_of_bounds_is_named() {
        let settings = Settings {
            workers: 0,
            ..Settings::default()
        };
        assert_eq!(
            settings.check(),
            Err("setting workers must be from 1 to 64".to_owned())
        );
    }
}
