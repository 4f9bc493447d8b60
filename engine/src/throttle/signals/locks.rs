//! Sessions that wait for locks of ours.

use crate::throttle::{Question, Seen, Signal, Verdict};

#[derive(Debug)]
pub(crate) struct Locks;

impl Signal for Locks {
    fn name(&self) -> &'static str {
        "waiting sessions"
    }

    fn question(&self) -> Question {
        Question::Sql(
            "SELECT count(*)::float8, min('pid ' || w.pid)
             FROM pg_stat_activity w
             WHERE w.wait_event_type = 'Lock' AND w.application_name NOT LIKE 'concertina%'
               AND EXISTS (SELECT FROM pg_stat_activity o
                           WHERE o.pid = ANY (pg_blocking_pids(w.pid)) AND o.application_name = 'concertina backfill')"
                .to_owned(),
        )
    }

    fn judge(&mut self, seen: &Seen) -> Verdict {
        let count = seen.value.unwrap_or(0.0);
        // One may be chance; each is someone who waits.
        Verdict::pressure(count, || {
            format!("{count} sessions wait for rows of ours ({})", seen.detail)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_presses_while_someone_waits() {
        let waiting = Seen {
            value: Some(2.0),
            detail: "pid 7".to_owned(),
            ..Seen::default()
        };
        assert!(Locks.judge(&waiting).why.contains("2 sessions"));
        assert!(
            Locks
                .judge(&Seen {
                    value: Some(0.0),
                    ..Seen::default()
                })
                .pressure
                < 0.1
        );
    }
}
