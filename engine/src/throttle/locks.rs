//! Sessions that wait for locks of ours: work half the time while there are any.

use super::{Seen, Signal, Verdict};

#[derive(Debug, Default)]
pub(crate) struct Locks;

impl Signal for Locks {
    fn name(&self) -> &'static str {
        "waiting sessions"
    }

    fn sql(&self) -> &'static str {
        "SELECT count(*)::float8, min('pid ' || w.pid)
         FROM pg_stat_activity w
         WHERE w.wait_event_type = 'Lock' AND w.application_name NOT LIKE 'concertina%'
           AND EXISTS (SELECT FROM pg_stat_activity o
                       WHERE o.pid = ANY (pg_blocking_pids(w.pid)) AND o.application_name = 'concertina backfill')"
    }

    fn judge(&mut self, seen: &Seen) -> Verdict {
        match seen.value {
            Some(count) if count >= 1.0 => {
                Verdict::Slow { share: 0.5, why: format!("{count} sessions wait for rows of ours ({})", seen.detail) }
            }
            _ => Verdict::Go,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_slows_down_while_someone_waits() {
        let waiting = Seen { value: Some(2.0), detail: "pid 7".to_owned() };
        assert!(matches!(Locks.judge(&waiting), Verdict::Slow { why, .. } if why.contains("2 sessions")));
        assert_eq!(Locks.judge(&Seen { value: Some(0.0), detail: String::new() }), Verdict::Go);
    }
}
