//! WAL that standbys and followers haven't received or replayed yet, in bytes: slower as it nears
//! the bound.

use crate::throttle::{Question, Seen, Signal, Verdict};

#[derive(Debug)]
pub(crate) struct Backlog {
    max_bytes: u64,
}

impl Backlog {
    pub(crate) fn new(max_bytes: u64) -> Backlog {
        Backlog { max_bytes }
    }
}

impl Signal for Backlog {
    fn name(&self) -> &'static str {
        "replica backlog"
    }

    fn question(&self) -> Question {
        Question::Sql(
            "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(replay_lsn, sent_lsn))::float8, application_name
             FROM pg_stat_replication WHERE state IN ('streaming', 'catchup')
             UNION ALL SELECT NULL, NULL ORDER BY 1 DESC NULLS LAST LIMIT 1"
                .to_owned(),
        )
    }

    fn judge(&mut self, seen: &Seen) -> Verdict {
        let bytes = seen.value.unwrap_or(0.0);
        Verdict::pressure(bytes / self.max_bytes as f64, || {
            format!("{} has {:.0} MB of WAL ahead", seen.detail, bytes / 1e6)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pressure_grows_with_the_bytes() {
        let mut backlog = Backlog::new(1_000_000_000);
        let mut at = |value| {
            backlog.judge(&Seen {
                value: Some(value),
                detail: "s1".to_owned(),
                ..Seen::default()
            })
        };
        assert!(at(5e8).pressure < 0.6);
        let over = at(2e9);
        assert!(
            over.pressure >= 2.0 && over.why == "s1 has 2000 MB of WAL ahead",
            "{over:?}"
        );
    }
}
