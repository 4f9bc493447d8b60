//! What decides about each point that the engine passes.

use crate::director::Point;
use crate::fault::{Dealt, Fault, Schedule};
use std::collections::{BTreeMap, BTreeSet};

/// So often the engine is run until it ends well.
const RUNS_MAX: usize = 12;

/// What decides about each point.
pub(crate) enum Dealer {
    /// Nothing happens.
    Calm,
    /// What a schedule says.
    By { schedule: Vec<Dealt>, passed: BTreeMap<Point, usize> },
    /// The engine is killed at every point once, one after the other.
    KillAtEach { seen: BTreeSet<String> },
}

impl Dealer {
    /// What a schedule says; without one it only counts.
    pub(crate) fn by(schedule: &Schedule) -> Dealer {
        Dealer::By { schedule: schedule.0.clone(), passed: BTreeMap::new() }
    }

    /// The points that were passed, with how often, where that was counted.
    pub(crate) fn passed(self) -> BTreeMap<Point, usize> {
        match self {
            Dealer::By { passed, .. } => passed,
            Dealer::Calm | Dealer::KillAtEach { .. } => BTreeMap::new(),
        }
    }

    /// So often the engine may be run until it ends well.
    pub(crate) fn runs_max(&self) -> usize {
        if matches!(self, Dealer::KillAtEach { .. }) { usize::MAX } else { RUNS_MAX }
    }

    /// What happens at a point.
    pub(crate) fn deal(&mut self, point: &Point) -> Option<Fault> {
        match self {
            Dealer::Calm => None,
            Dealer::By { schedule, passed } => {
                let times = passed.entry(point.clone()).or_default();
                *times += 1;
                let at = schedule.iter().position(|dealt| dealt.point == *point && dealt.turn == *times)?;
                Some(schedule.remove(at).fault)
            }
            Dealer::KillAtEach { seen } => (!point.answered && seen.insert(point.name.clone())).then_some(Fault::Kill),
        }
    }
}
