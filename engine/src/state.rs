//! Where revisions and their backfills stand, as it is recorded.

use serde::Serialize;
use std::fmt;

/// Which way a revision goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Towards the head.
    Up,
    /// Towards the base.
    Down,
}

impl Direction {
    /// `up` or `down`.
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::Up => "up",
            Direction::Down => "down",
        }
    }

    /// The direction of that name; none where it is no direction that this version knows.
    pub(crate) fn parse(text: &str) -> Option<Direction> {
        [Direction::Up, Direction::Down]
            .into_iter()
            .find(|direction| direction.as_str() == text)
    }
}

/// Where a revision stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Expand or backfill isn't finished.
    Running,
    /// Expand and backfill are done; contract has not begun.
    Waiting,
    /// Contract has begun; there is only forward.
    Contracting,
    /// Being taken back.
    Undoing,
    /// Done.
    Applied,
}

impl State {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Waiting => "waiting",
            State::Contracting => "contracting",
            State::Undoing => "undoing",
            State::Applied => "applied",
        }
    }

    /// The state of that name; none where it is no state that this version knows.
    pub(crate) fn parse(text: &str) -> Option<State> {
        let all = [
            State::Running,
            State::Waiting,
            State::Contracting,
            State::Undoing,
            State::Applied,
        ];
        all.into_iter().find(|state| state.as_str() == text)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            State::Waiting => "waiting for contract",
            other => other.as_str(),
        })
    }
}

/// How far a backfill that is under way has come.
#[derive(Debug, Clone, Serialize)]
pub struct BackfillStatus {
    /// The step.
    pub step: String,
    /// Rows changed so far.
    pub rows: i64,
    /// Share of the blocks that are behind us, from 0 to 1.
    pub share: f64,
    /// Why it doesn't go at full speed, as last told.
    pub throttle: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_unknown_is_no_state() {
        assert_eq!(State::parse("contracting"), Some(State::Contracting));
        assert_eq!(State::parse("paused"), None);
        assert_eq!(Direction::parse("down"), Some(Direction::Down));
        assert_eq!(Direction::parse(""), None);
    }
}
