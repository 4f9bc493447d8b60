//! Standbys that fall behind in time: stop until the slowest has caught up to half the bound.

use crate::throttle::{Question, Seen, Signal, Verdict};
use std::time::Duration;

#[derive(Debug)]
pub(crate) struct Lag {
    max: Duration,
    stopped: bool,
}

impl Lag {
    pub(crate) fn new(max: Duration) -> Lag {
        Lag {
            max,
            stopped: false,
        }
    }
}

impl Signal for Lag {
    fn name(&self) -> &'static str {
        "replica lag"
    }

    fn question(&self) -> Question {
        Question::Sql(
            "SELECT extract(epoch FROM replay_lag)::float8, application_name FROM pg_stat_replication
             WHERE state = 'streaming' AND replay_lag IS NOT NULL
             UNION ALL SELECT NULL, NULL ORDER BY 1 DESC NULLS LAST LIMIT 1"
                .to_owned(),
        )
    }

    fn judge(&mut self, seen: &Seen) -> Verdict {
        let max = self.max.as_secs_f64();
        let lag = seen.value.unwrap_or(0.0);
        self.stopped = lag > if self.stopped { max / 2.0 } else { max };
        if self.stopped {
            return Verdict::stop(format!("standby {} is {lag:.1} s behind", seen.detail));
        }
        Verdict::pressure(lag / max, String::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stops_at_the_bound_and_goes_on_at_half_of_it() {
        let mut lag = Lag::new(Duration::from_secs(10));
        let mut at = |seconds| {
            lag.judge(&Seen {
                value: Some(seconds),
                detail: "s1".to_owned(),
                ..Seen::default()
            })
        };
        assert!(!at(9.0).stop);
        assert_eq!(at(11.0), Verdict::stop("standby s1 is 11.0 s behind"));
        assert!(at(6.0).stop);
        assert!(!at(4.0).stop);
    }
}
