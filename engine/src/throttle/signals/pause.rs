//! The operator's word: `concertina pause` and `concertina resume`, through a table, so that it
//! works from anywhere and survives a restart.

use crate::throttle::{Question, Seen, Signal, Verdict};

#[derive(Debug)]
pub(crate) struct Pause;

impl Signal for Pause {
    fn name(&self) -> &'static str {
        "pause"
    }

    fn question(&self) -> Question {
        Question::Sql(
            "SELECT count(*)::float8, min(reason) FROM concertina.control WHERE paused".to_owned(),
        )
    }

    fn judge(&mut self, seen: &Seen) -> Verdict {
        match seen.value {
            Some(paused) if paused > 0.0 => {
                let reason = if seen.detail.is_empty() {
                    String::new()
                } else {
                    format!(": {}", seen.detail)
                };
                Verdict::stop(format!("paused{reason}"))
            }
            _ => Verdict::calm(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_told() {
        let paused = Pause.judge(&Seen {
            value: Some(1.0),
            detail: "release".to_owned(),
            ..Seen::default()
        });
        assert_eq!(paused, Verdict::stop("paused: release"));
        assert!(
            !Pause
                .judge(&Seen {
                    value: Some(0.0),
                    ..Seen::default()
                })
                .stop
        );
    }
}
