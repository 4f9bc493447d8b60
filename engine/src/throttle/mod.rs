//! When to go slower, and why.
//!
//! Each signal is one question and one pure judgement of the answer. Budgets stop the backfill,
//! gauges steer it: the [`Controller`] turns the highest pressure into shorter batches first, then
//! into rests, then into fewer workers, and back again once there is room.

mod ceiling;
mod controller;
mod crew;
mod probe;
mod rate;
mod signals;

pub(crate) use ceiling::Ceiling;
use probe::Felt;
pub(crate) use probe::Prober;

use crate::config::Settings;
use crate::connection::address::Connect;
use crate::connection::session::{Role, Session};
use crate::error::Error;
use crate::event::{Event, Events};
use controller::{Controller, Orders};
use rate::Rate;
use signals::{activity, checkpoints, old_snapshot};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often the signals are sampled.
const SAMPLE_EVERY: Duration = Duration::from_millis(500);

/// The weight of the newest reading in the rate at which WAL is written.
const NEWEST_OF_WAL: f64 = 0.3;

/// What a signal says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    /// How near its limit: well below 1 there is room, from 1 on it is too much.
    pub(crate) pressure: f64,
    /// No batch until this changes.
    pub(crate) stop: bool,
    /// The reason, for the user; empty when there is nothing to say.
    pub(crate) why: String,
}

impl Verdict {
    /// Nothing to say.
    pub(crate) fn calm() -> Verdict {
        Verdict {
            pressure: 0.0,
            stop: false,
            why: String::new(),
        }
    }

    /// So near the limit.
    pub(crate) fn pressure(pressure: f64, why: impl FnOnce() -> String) -> Verdict {
        Verdict {
            pressure,
            stop: false,
            why: if pressure >= 1.0 {
                why()
            } else {
                String::new()
            },
        }
    }

    /// Not a step further.
    pub(crate) fn stop(why: impl Into<String>) -> Verdict {
        Verdict {
            pressure: 1.0,
            stop: true,
            why: why.into(),
        }
    }
}

/// What a signal wants to know.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Question {
    /// A query that gives one float8 and one text.
    Sql(String),
    /// The time, in seconds since 1970.
    Clock,
    /// What the prober measured.
    Probe,
}

/// An answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Seen {
    /// The measure; none when there is nothing to measure.
    pub(crate) value: Option<f64>,
    /// Who or what it is about.
    pub(crate) detail: String,
    /// What the prober measured, where it was asked.
    pub(crate) felt: Option<Felt>,
}

/// A question and a judgement of its answer.
pub(crate) trait Signal: Send {
    /// Its name.
    fn name(&self) -> &'static str;
    /// The question.
    fn question(&self) -> Question;
    /// The judgement. It may remember what it said, so that it doesn't flutter.
    fn judge(&mut self, seen: &Seen) -> Verdict;
}

/// What the workers go by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Conditions {
    pub(crate) orders: Orders,
    /// Who keeps dead rows from being pruned, so that HOT windows are of no use.
    pub(crate) old_snapshot: Option<String>,
    /// WAL that the whole server wrote for each row of ours, in bytes.
    pub(crate) wal_bytes_per_second: f64,
}

impl Conditions {
    /// Before the first sample.
    pub(crate) fn at_first(settings: &Settings, workers: u16) -> Conditions {
        let orders = Controller::new(settings, workers).orders();
        Conditions {
            orders,
            old_snapshot: None,
            wal_bytes_per_second: 0.0,
        }
    }
}

/// Samples the signals and steers.
pub(crate) struct Monitor {
    pub(crate) connect: Connect,
    pub(crate) settings: Settings,
    pub(crate) workers: u16,
    pub(crate) prober: Option<Prober>,
    /// The rows that are changed, as they are counted.
    pub(crate) rows: Arc<AtomicU64>,
    pub(crate) events: Events,
}

const VERSION: &str = "SELECT current_setting('server_version_num')::float8, ''";

impl Monitor {
    /// Steers for as long as someone listens. A lost connection is opened again: until then the
    /// last orders stand.
    pub(crate) async fn run(self, mut session: Session, conditions: watch::Sender<Conditions>) {
        let Monitor {
            connect,
            settings,
            workers,
            prober,
            rows,
            events,
        } = self;
        let version = ask(&session, VERSION).await.ok();
        let version = version.and_then(|seen| seen.value);
        let mut signals = signals::wanted(&settings, version.unwrap_or_default() as u32);
        let mut controller = Controller::new(&settings, workers);
        let (mut wal, mut speed) = (Rate::averaged(NEWEST_OF_WAL), Rate::latest());
        let mut silent: Vec<&'static str> = Vec::new();
        let mut told_slowest = false;
        while !conditions.is_closed() {
            if session.is_closed() {
                tokio::time::sleep(SAMPLE_EVERY).await;
                if let Ok(again) = Session::open(&connect, Role::Monitor, &settings).await {
                    again.replaces(&session).await.ok();
                    session = again;
                }
                continue;
            }
            let mut verdicts = Vec::new();
            for signal in &mut signals {
                match answer(&session, &signal.question(), prober.as_ref()).await {
                    Ok(seen) => verdicts.push(signal.judge(&seen)),
                    // A managed server may hide a view: such a signal has no say, and that is told
                    // once.
                    Err(error) if !session.is_closed() && !silent.contains(&signal.name()) => {
                        silent.push(signal.name());
                        let text =
                            format!("throttle signal {} is ignored: {}", signal.name(), error);
                        events(Event::Note { text });
                    }
                    Err(_) => {}
                }
            }
            let sample = ask(&session, old_snapshot::SQL).await;
            let old_snapshot = sample.ok().and_then(|seen| old_snapshot::judge(&seen));
            let position = ask(&session, checkpoints::POSITION).await.ok();
            let position = position.and_then(|seen| seen.value);
            let wal_bytes_per_second = position.map_or(0.0, |at| wal.at(at, Instant::now()));
            let company = ask(&session, activity::SQL).await;
            let company = !settings.eager && company.map_or(true, |seen| activity::judge(&seen));
            controller.sampled(
                company,
                speed.at(rows.load(Ordering::Relaxed) as f64, Instant::now()),
            );
            let orders = controller.steer(&verdicts);
            if let Some(why) = controller.beyond_its_power().filter(|_| !told_slowest) {
                told_slowest = true;
                let text =
                    format!("it goes as slowly as it can, and that isn't slow enough: {why}");
                events(Event::Note { text });
            }
            tracing::debug!(?orders, ?verdicts, "steered");
            conditions.send_replace(Conditions {
                orders,
                old_snapshot,
                wal_bytes_per_second,
            });
            tokio::time::sleep(SAMPLE_EVERY).await;
        }
    }
}

async fn ask(session: &Session, sql: &str) -> Result<Seen, Error> {
    let row = session
        .query_one("asking a throttle signal", sql, &[])
        .await?;
    Ok(Seen {
        value: row.get(0),
        detail: row.get::<_, Option<String>>(1).unwrap_or_default(),
        felt: None,
    })
}

async fn answer(
    session: &Session,
    question: &Question,
    prober: Option<&Prober>,
) -> Result<Seen, Error> {
    match question {
        Question::Sql(sql) => ask(session, sql).await,
        Question::Clock => Ok(Seen {
            value: Some(jiff::Timestamp::now().as_second() as f64),
            ..Seen::default()
        }),
        Question::Probe => Ok(Seen {
            felt: prober.and_then(Prober::felt),
            ..Seen::default()
        }),
    }
}

/// What every signal must hold, whatever it is about.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signal_is_calm_when_there_is_nothing_to_measure() {
        let settings = Settings {
            latency_budget_percent: Some(25),
            active_sessions_max: Some(8),
            throttle_query: Some("SELECT 0".to_owned()),
            ..Settings::default()
        };
        let signals = signals::wanted(&settings, 180_000);
        assert_eq!(signals.len(), 9);
        let mut names = Vec::new();
        for mut signal in signals {
            let verdict = signal.judge(&Seen::default());
            assert!(
                !verdict.stop && verdict.pressure < 1.0,
                "{} without an answer",
                signal.name()
            );
            assert!(!names.contains(&signal.name()), "{} twice", signal.name());
            names.push(signal.name());
        }
    }
}
