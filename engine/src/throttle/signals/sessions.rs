//! Sessions at work besides ours, against a bound.

use crate::throttle::{Question, Seen, Signal, Verdict};

#[derive(Debug)]
pub(crate) struct Sessions {
    max: u32,
}

impl Sessions {
    pub(crate) fn new(max: u32) -> Sessions {
        Sessions { max }
    }
}

impl Signal for Sessions {
    fn name(&self) -> &'static str {
        "active sessions"
    }

    fn question(&self) -> Question {
        // Waiting for the client is no work.
        Question::Sql(
            "SELECT count(*)::float8, '' FROM pg_stat_activity
             WHERE state = 'active' AND backend_type = 'client backend' AND wait_event_type IS DISTINCT FROM 'Client'
               AND application_name NOT LIKE 'concertina%' AND pid <> pg_backend_pid()"
                .to_owned(),
        )
    }

    fn judge(&mut self, seen: &Seen) -> Verdict {
        let count = seen.value.unwrap_or(0.0);
        Verdict::pressure(count / f64::from(self.max), || {
            format!("{count} sessions are active, {} may be", self.max)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pressure_is_the_share_of_the_bound() {
        let mut sessions = Sessions::new(10);
        let mut at = |value| {
            sessions.judge(&Seen {
                value: Some(value),
                ..Seen::default()
            })
        };
        assert!(at(5.0).pressure < 0.7 && at(5.0).why.is_empty());
        assert_eq!(at(12.0).why, "12 sessions are active, 10 may be");
    }
}
