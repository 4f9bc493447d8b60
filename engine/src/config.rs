//! Settings, their defaults and where those come from.

use std::time::Duration;

/// How the engine behaves. The defaults suit a busy production server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The longest that a strong lock is waited for at a time: it is the longest stall that others see.
    pub lock_timeout: Duration,
    /// After so long without a lock a step fails, to be run again.
    pub lock_budget: Duration,
    /// How long one batch should take.
    pub batch_target: Duration,
    /// Connections for a backfill.
    pub workers: u16,
    /// Blocks (of 8 KiB) that a worker walks several times before it goes on.
    pub window_blocks: u32,
    /// The most passes over a window. 1 turns HOT windows off.
    pub passes_max: u16,
    /// A ceiling for all workers together.
    pub rows_per_second_max: Option<u32>,
    /// A standby further behind than this stops the backfill until it has caught up.
    pub replica_lag_max: Duration,
    /// After so long without a connection a run ends, to be continued later.
    pub reconnect_budget: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            lock_timeout: Duration::from_millis(250),
            lock_budget: Duration::from_mins(10),
            batch_target: Duration::from_millis(20),
            workers: 2,
            window_blocks: 2_048,
            passes_max: 24,
            rows_per_second_max: None,
            replica_lag_max: Duration::from_secs(10),
            reconnect_budget: Duration::from_mins(10),
        }
    }
}

impl Settings {
    /// Checks that the settings go together.
    ///
    /// # Errors
    ///
    /// A sentence that names the setting and its bounds.
    pub fn check(&self) -> Result<(), String> {
        let bounds = [
            ("lock_timeout", self.lock_timeout >= Duration::from_millis(10), "at least 10 ms"),
            ("lock_timeout", self.lock_timeout <= Duration::from_secs(5), "at most 5 s: everyone behind it waits"),
            ("lock_budget", self.lock_budget >= self.lock_timeout, "at least lock_timeout"),
            ("batch_target", self.batch_target >= Duration::from_millis(1), "at least 1 ms"),
            (
                "batch_target",
                self.batch_target <= Duration::from_millis(500),
                "at most 500 ms: rows stay locked so long",
            ),
            ("workers", (1..=64).contains(&self.workers), "from 1 to 64"),
            ("window_blocks", (1..=1 << 20).contains(&self.window_blocks), "from 1 to 1048576"),
            ("passes_max", (1..=64).contains(&self.passes_max), "from 1 to 64"),
            ("rows_per_second_max", self.rows_per_second_max != Some(0), "at least 1"),
        ];
        match bounds.into_iter().find(|(_, holds, _)| !holds) {
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
        let settings = Settings { workers: 0, ..Settings::default() };
        assert_eq!(settings.check(), Err("setting workers must be from 1 to 64".to_owned()));
    }
}
