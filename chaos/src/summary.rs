//! What was dealt, and what came of it.

use crate::fault::Fault;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;

/// The figures of one trial or of many.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Trials.
    pub scenarios: usize,
    /// Faults that happened, by kind.
    pub faults: BTreeMap<Fault, usize>,
    /// Writes of the application that were acknowledged, and looked for afterwards.
    pub writes: usize,
    /// What didn't hold.
    pub violations: Vec<String>,
}

impl AddAssign for Summary {
    fn add_assign(&mut self, other: Summary) {
        self.scenarios += other.scenarios;
        self.writes += other.writes;
        self.violations.extend(other.violations);
        for (fault, times) in other.faults {
            *self.faults.entry(fault).or_default() += times;
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (fault, times) in &self.faults {
            writeln!(f, "{times:>8}  {fault}")?;
        }
        let faults: usize = self.faults.values().sum();
        write!(
            f,
            "scenarios {}, faults {faults}, acknowledged writes {}, violations = {}",
            self.scenarios,
            self.writes,
            self.violations.len()
        )
    }
}
