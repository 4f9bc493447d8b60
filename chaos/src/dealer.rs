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
    /// Nothing happens; which statements write is found out.
    Watching {
        passed: BTreeMap<Point, usize>,
        writes: Writes,
    },
    /// What a schedule says.
    By {
        schedule: Vec<Dealt>,
        passed: BTreeMap<Point, usize>,
    },
    /// The engine is killed before every statement once, one after the other. `looks`: the
    /// statements that wrote nothing when they were watched, before which no kill is needed; one of
    /// them that writes after all is followed by a kill.
    KillAtEach {
        seen: BTreeSet<String>,
        looks: BTreeSet<String>,
        writes: Writes,
    },
}

/// Which statements wrote, by the server's state before and after each.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    /// The server's state before the statements that weren't answered yet.
    before: BTreeMap<String, String>,
    /// The statements around which it changed.
    names: BTreeSet<String>,
}

impl Writes {
    /// Hears of a point with the server's state. Whether a statement was answered and had written,
    /// or something else had meanwhile.
    fn hear(&mut self, point: &Point, state: Option<&str>) -> bool {
        let state = state.unwrap_or_default();
        if !point.answered {
            self.before.insert(point.name.clone(), state.to_owned());
            return false;
        }
        // Of a statement whose beginning wasn't seen nothing is known.
        let wrote = self
            .before
            .remove(&point.name)
            .is_none_or(|before| before != state);
        if wrote {
            self.names.insert(point.name.clone());
        }
        wrote
    }

    /// Those of some points whose statement was answered each time and never wrote.
    pub(crate) fn looks(&self, passed: &BTreeMap<Point, usize>) -> BTreeSet<String> {
        let answered = passed
            .keys()
            .filter(|point| point.answered)
            .map(|point| &point.name);
        answered
            .filter(|name| !self.names.contains(*name) && !self.before.contains_key(*name))
            .cloned()
            .collect()
    }
}

impl Dealer {
    /// What a schedule says.
    pub(crate) fn by(schedule: &Schedule) -> Dealer {
        Dealer::By {
            schedule: schedule.dealt.clone(),
            passed: BTreeMap::new(),
        }
    }

    /// Whether it has to be told the server's state at each point.
    pub(crate) fn watches(&self) -> bool {
        matches!(self, Dealer::Watching { .. } | Dealer::KillAtEach { .. })
    }

    /// So often the engine may be run until it ends well.
    pub(crate) fn runs_max(&self) -> usize {
        if matches!(self, Dealer::KillAtEach { .. }) {
            usize::MAX
        } else {
            RUNS_MAX
        }
    }

    /// What happens at a point; with the server's state there for one that watches.
    pub(crate) fn deal(&mut self, point: &Point, state: Option<&str>) -> Option<Fault> {
        match self {
            Dealer::Calm => None,
            Dealer::Watching { passed, writes } => {
                *passed.entry(point.clone()).or_default() += 1;
                writes.hear(point, state);
                None
            }
            Dealer::By { schedule, passed } => {
                let times = passed.entry(point.clone()).or_default();
                *times += 1;
                let at = schedule
                    .iter()
                    .position(|dealt| dealt.point == *point && dealt.turn == *times)?;
                Some(schedule.remove(at).fault)
            }
            Dealer::KillAtEach {
                seen,
                looks,
                writes,
            } => {
                let wrote = writes.hear(point, state);
                let is_end = if point.answered {
                    wrote
                } else {
                    !looks.contains(&point.name)
                };
                (is_end && seen.insert(point.name.clone())).then_some(Fault::Kill)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(answered: bool, name: &str) -> Point {
        Point {
            answered,
            name: name.to_owned(),
        }
    }

    /// What a dealer does with points and the server's states there.
    fn dealt(dealer: &mut Dealer, points: &[(bool, &str, &str)]) -> Vec<bool> {
        points
            .iter()
            .map(|(after, name, state)| dealer.deal(&point(*after, name), Some(state)).is_some())
            .collect()
    }

    #[test]
    fn a_statement_looks_when_nothing_changed_around_it_any_time() {
        let mut dealer = Dealer::Watching {
            passed: BTreeMap::new(),
            writes: Writes::default(),
        };
        let points = [
            (false, "look", "1"),
            (true, "look", "1"),
            (false, "write", "1"),
            (true, "write", "2"),
            // Around a worker's write.
            (false, "between", "2"),
            (false, "write", "2"),
            (true, "write", "3"),
            (true, "between", "3"),
            // The second time it writes.
            (false, "sometimes", "3"),
            (true, "sometimes", "3"),
            (false, "sometimes", "3"),
            (true, "sometimes", "4"),
            (false, "unanswered", "4"),
            (true, "unasked", "4"),
        ];
        assert!(dealt(&mut dealer, &points).iter().all(|dealt| !dealt));
        let Dealer::Watching { passed, writes } = dealer else {
            unreachable!()
        };
        assert_eq!(writes.looks(&passed), BTreeSet::from(["look".to_owned()]));
    }

    #[test]
    fn each_end_is_a_kill_and_a_look_that_writes_after_all_is_one() {
        let looks = BTreeSet::from(["look".to_owned(), "liar".to_owned()]);
        let mut dealer = Dealer::KillAtEach {
            seen: BTreeSet::new(),
            looks,
            writes: Writes::default(),
        };
        let points = [
            (false, "look", "1"),
            (true, "look", "1"),
            (false, "write", "1"),
            // The next run, which gets past it.
            (false, "write", "1"),
            (true, "write", "2"),
            (false, "liar", "2"),
            (true, "liar", "3"),
            (false, "liar", "3"),
            (true, "liar", "4"),
        ];
        assert_eq!(
            dealt(&mut dealer, &points),
            [false, false, true, false, false, false, true, false, false]
        );
    }
}
