//! When to go slower, and why. Each signal is one question to the server and one judgement of its answer.

mod ceiling;
mod lag;
mod locks;
mod snapshot;

pub(crate) use ceiling::Ceiling;

use crate::config::Settings;
use crate::session::Session;
use lag::Lag;
use locks::Locks;
use std::time::Duration;
use tokio::sync::watch;

/// How often the signals are sampled.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);

/// What a signal says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// Full speed.
    Go,
    /// Work only this share of the time.
    Slow {
        /// From 0 to 1.
        share: f64,
        /// The reason, for the user.
        why: String,
    },
    /// No batch until it changes.
    Stop {
        /// The reason, for the user.
        why: String,
    },
}

impl Verdict {
    /// The stricter of two.
    fn and(self, other: Verdict) -> Verdict {
        match (&self, &other) {
            (Verdict::Stop { .. }, _) | (_, Verdict::Go) => self,
            (_, Verdict::Stop { .. }) | (Verdict::Go, _) => other,
            (Verdict::Slow { share: mine, .. }, Verdict::Slow { share: theirs, .. }) => {
                if mine <= theirs {
                    self
                } else {
                    other
                }
            }
        }
    }

    /// The reason, when there is one.
    pub(crate) fn why(&self) -> Option<&str> {
        match self {
            Verdict::Go => None,
            Verdict::Slow { why, .. } | Verdict::Stop { why } => Some(why),
        }
    }
}

/// A signal's answer from the server.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Seen {
    /// The measure; none when the server has nothing to say.
    pub(crate) value: Option<f64>,
    /// Who or what it is about.
    pub(crate) detail: String,
}

/// A question to the server, which gives one float8 and one text, and a judgement of its answer.
pub(crate) trait Signal: Send {
    /// Its name.
    fn name(&self) -> &'static str;
    /// The question.
    fn sql(&self) -> &'static str;
    /// The judgement. It may remember what it said, so that it doesn't flutter.
    fn judge(&mut self, seen: &Seen) -> Verdict;
}

/// What the workers go by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Conditions {
    /// The strictest verdict.
    pub(crate) verdict: Verdict,
    /// Whether an old snapshot keeps dead rows from being pruned, so that HOT windows are of no use.
    pub(crate) old_snapshot: Option<String>,
}

/// Samples the signals for as long as someone listens.
pub(crate) async fn monitor(session: Session, settings: Settings, conditions: watch::Sender<Conditions>) {
    let mut signals: Vec<Box<dyn Signal>> = vec![Box::new(Lag::new(settings.replica_lag_max)), Box::new(Locks)];
    while !conditions.is_closed() && !session.is_closed() {
        let mut verdict = Verdict::Go;
        for signal in &mut signals {
            match sample(&session, signal.sql()).await {
                Ok(seen) => verdict = verdict.and(signal.judge(&seen)),
                // A managed server may hide a view: such a signal has no say.
                Err(error) => tracing::debug!("signal {}: {error}", signal.name()),
            }
        }
        let old_snapshot = sample(&session, snapshot::SQL).await.ok().and_then(|seen| snapshot::judge(&seen));
        conditions.send_replace(Conditions { verdict, old_snapshot });
        tokio::time::sleep(SAMPLE_EVERY).await;
    }
}

async fn sample(session: &Session, sql: &str) -> Result<Seen, tokio_postgres::Error> {
    let row = session.query_one(sql, &[]).await?;
    Ok(Seen { value: row.get(0), detail: row.get::<_, Option<String>>(1).unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_verdict_wins() {
        let slow = |share| Verdict::Slow { share, why: format!("{share}") };
        let stop = Verdict::Stop { why: "lag".to_owned() };
        assert_eq!(slow(0.5).and(slow(0.2)), slow(0.2));
        assert_eq!(Verdict::Go.and(slow(0.5)), slow(0.5));
        assert_eq!(slow(0.5).and(stop.clone()), stop);
        assert_eq!(stop.clone().and(Verdict::Go), stop);
    }
}
