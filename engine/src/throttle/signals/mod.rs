//! The signals, one a file: a question, and a pure judgement of its answer.

pub(super) mod activity;
mod backlog;
pub(super) mod checkpoints;
mod hours;
mod lag;
mod locks;
pub(super) mod old_snapshot;
mod pause;
mod query;
mod sessions;
mod slots;

use super::Signal;
use super::probe::Probe;
use crate::config::Settings;
use backlog::Backlog;
use checkpoints::Checkpoints;
use hours::InHours;
use lag::Lag;
use locks::Locks;
use pause::Pause;
use query::UserQuery;
use sessions::Sessions;
use slots::Slots;

/// The signals that the settings ask for.
pub(super) fn wanted(settings: &Settings, server_version: u32) -> Vec<Box<dyn Signal>> {
    let mut signals: Vec<Box<dyn Signal>> = vec![
        Box::new(Pause),
        Box::new(Lag::new(settings.replica_lag_max)),
        Box::new(Backlog::new(settings.replica_backlog_max_bytes)),
        Box::new(Slots),
        Box::new(Locks),
        Box::new(Checkpoints::new(server_version)),
    ];
    if let Some(percent) = settings.latency_budget_percent {
        signals.push(Box::new(Probe::new(percent)));
    }
    if let Some(most) = settings.active_sessions_max {
        signals.push(Box::new(Sessions::new(most)));
    }
    if let Some(query) = &settings.throttle_query {
        signals.push(Box::new(UserQuery::new(query)));
    }
    if let Some(hours) = &settings.hours {
        signals.push(Box::new(InHours::new(hours.clone())));
    }
    signals
}
