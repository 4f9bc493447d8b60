//! What happens while a plan runs, as data. Whoever embeds the engine turns it into bars, lines or
//! gauges.

use crate::state::State;
use concertina_planner::Phase;
use concertina_revisions::RevisionId;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Receives events. It is called from several tasks and should return at once.
pub type Events = Arc<dyn Fn(Event) + Send + Sync>;

/// Something happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// A revision is begun, or taken up where an earlier run left it.
    RevisionBegun {
        /// The revision.
        revision: RevisionId,
        /// `up` or `down`.
        direction: &'static str,
        /// Whether an earlier run had begun it.
        resumed: bool,
    },
    /// A step is begun.
    StepBegun {
        /// The revision.
        revision: RevisionId,
        /// The step's id.
        step: String,
        /// Its phase; none while undoing.
        phase: Option<Phase>,
        /// What it does, one line a part.
        what: Vec<String>,
    },
    /// A step is done.
    StepDone {
        /// The revision.
        revision: RevisionId,
        /// The step's id.
        step: String,
        /// How long it took, in seconds.
        seconds: f64,
        /// Rows that a backfill changed.
        rows: Option<u64>,
        /// Whether the catalog showed that it had been done before.
        already: bool,
    },
    /// A step waits for other sessions.
    Waiting {
        /// What waits.
        doing: String,
        /// For whom.
        blockers: Vec<Blocker>,
        /// Whether it stands in the lock's queue; outside of it nobody waits behind us.
        queued: bool,
    },
    /// A step is tried again.
    Retrying {
        /// What.
        doing: String,
        /// Why the last try ended.
        why: String,
        /// When, in milliseconds from now.
        after_ms: u64,
    },
    /// A backfill moves.
    Progress(Progress),
    /// A sync trigger had no value for what the application wrote. The writes went through;
    /// contract waits for their rows.
    Unfilled {
        /// The revision.
        revision: RevisionId,
        /// Of what, and how many.
        unfilled: Unfilled,
    },
    /// Worth knowing.
    Note {
        /// The sentence.
        text: String,
    },
    /// A revision reached a state in which it may stay.
    RevisionReached {
        /// The revision.
        revision: RevisionId,
        /// The state.
        state: State,
    },
}

/// What a sync trigger couldn't do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unfilled {
    /// The table that was written.
    pub table: String,
    /// What is not filled: columns of it, or the table that its rows are copied to.
    pub target: String,
    /// How many writes, those that were put right since included; of a copy, how many rows.
    pub writes: i64,
}

/// How far a backfill is.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Progress {
    /// The step's id.
    pub step: String,
    /// The table.
    pub table: String,
    /// Rows changed so far, earlier runs included.
    pub rows: u64,
    /// Rows of the table, estimated.
    pub rows_total: u64,
    /// Share of the work that is behind us, from 0 to 1: exact, in blocks and passes.
    pub share: f64,
    /// Rows a second, averaged over the last seconds.
    pub rows_per_second: f64,
    /// Seconds left at this rate; none before there is one.
    pub eta_seconds: Option<f64>,
    /// Share of the updates that wrote no index.
    pub hot_share: f64,
    /// Connections at work.
    pub workers: u16,
    /// Why it doesn't go at full speed.
    pub throttle: Option<String>,
    /// Whether a sweep looks for rows that are left.
    pub sweeping: bool,
}

/// A session in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Blocker {
    /// Its process id on the server; 0 for a prepared transaction, which no session runs.
    pub pid: i32,
    /// Its user.
    pub user: String,
    /// Its application name.
    pub application: String,
    /// What it is doing: active, idle in transaction, autovacuum worker.
    pub state: String,
    /// How long its transaction has been open, in seconds.
    pub seconds: i64,
    /// The beginning of its query; the name of a prepared transaction.
    pub query: String,
}

impl Event {
    pub(crate) fn retrying(doing: &str, why: &str, pause: Duration) -> Event {
        let after_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        Event::Retrying {
            doing: doing.to_owned(),
            why: why.to_owned(),
            after_ms,
        }
    }
}

impl Blocker {
    /// A transaction that was prepared; what is its query otherwise is its name.
    pub(crate) fn is_prepared(&self) -> bool {
        self.pid == 0
    }

    /// An autovacuum gives way, but only to a wait that outlasts `deadlock_timeout`; one that
    /// prevents wraparound never does, and is waited for like anybody else.
    pub(crate) fn is_autovacuum(&self) -> bool {
        self.state == "autovacuum worker"
    }
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_prepared() {
            let Blocker {
                user,
                seconds,
                query,
                ..
            } = self;
            return write!(f, "prepared transaction {query} ({user}), for {seconds} s");
        }
        write!(f, "pid {} ({}", self.pid, self.user)?;
        if !self.application.is_empty() {
            write!(f, ", {}", self.application)?;
        }
        write!(f, "), {} for {} s", self.state, self.seconds)?;
        if !self.query.is_empty() {
            write!(f, ": {}", self.query)?;
        }
        Ok(())
    }
}
