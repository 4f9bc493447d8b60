//! Checkpoints that come before their time, because too much WAL is written; and where the WAL is.

use crate::throttle::{Question, Seen, Signal, Verdict};

/// Where the WAL is.
pub(crate) const POSITION: &str = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8, ''";

/// The first version that counts them in a view of their own.
const CHECKPOINTER_SINCE: u32 = 170_000;

#[derive(Debug)]
pub(crate) struct Checkpoints {
    server_version: u32,
    known: Option<f64>,
}

impl Checkpoints {
    pub(crate) fn new(server_version: u32) -> Checkpoints {
        Checkpoints {
            server_version,
            known: None,
        }
    }
}

impl Signal for Checkpoints {
    fn name(&self) -> &'static str {
        "requested checkpoints"
    }

    fn question(&self) -> Question {
        let sql = if self.server_version >= CHECKPOINTER_SINCE {
            "SELECT num_requested::float8, '' FROM pg_stat_checkpointer"
        } else {
            "SELECT checkpoints_req::float8, '' FROM pg_stat_bgwriter"
        };
        Question::Sql(sql.to_owned())
    }

    fn judge(&mut self, seen: &Seen) -> Verdict {
        let Some(count) = seen.value else {
            return Verdict::calm();
        };
        let more = self.known.replace(count).is_some_and(|known| count > known);
        let pressure = if more { 1.0 } else { 0.0 };
        Verdict::pressure(pressure, || {
            "checkpoints come early: more WAL than max_wal_size allows for".to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_that_was_asked_for_presses_once() {
        let mut checkpoints = Checkpoints::new(150_000);
        let mut at = |count| {
            checkpoints
                .judge(&Seen {
                    value: Some(count),
                    ..Seen::default()
                })
                .pressure
        };
        assert!(at(7.0) < 0.1, "those before the start don't count");
        assert!(at(8.0) >= 1.0);
        assert!(at(8.0) < 0.1);
    }
}
