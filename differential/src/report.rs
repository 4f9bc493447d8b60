//! What a run of many cases came to.

use crate::case::{Case, Way};
use crate::known::Fingerprint;
use crate::tags;
use crate::verdict::{Difference, Manner, Verdict};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Pairs of tags that a report shows.
const MEETINGS_SHOWN: usize = 20;

/// A difference of one kind, and how often it was met.
#[derive(Debug, Clone)]
pub struct Kind {
    /// Its manner.
    pub manner: Manner,
    /// The first seed.
    pub seed: u64,
    /// The way that its case was run, before it was shrunk.
    pub way: Way,
    /// How often.
    pub times: u32,
    /// Whether `known/` has it.
    pub known: bool,
    /// Whether its case is as small as it can be, rather than the time for that having been over.
    pub is_smallest: bool,
    /// Its shrunk case as a file, for the first of a kind.
    pub file: Option<String>,
}

impl Kind {
    /// One that is met for the first time, with nothing known of it but how it was met.
    pub(crate) fn first(difference: &Difference, seed: u64, way: Way) -> Kind {
        Kind {
            manner: difference.manner,
            seed,
            way,
            times: 1,
            known: false,
            is_smallest: false,
            file: None,
        }
    }

    /// A name for its file.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}_{}.sql", self.manner.name().replace(' ', "_"), self.seed)
    }
}

/// Numbers of a run.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Cases tried.
    pub cases: u32,
    /// Those that came to psql's end.
    pub same: u32,
    /// Those that psql refused, and so did we.
    pub both_refuse: u32,
    /// Those that psql runs and we refuse.
    pub refused: u32,
    /// The same by code.
    pub codes: BTreeMap<String, u32>,
    /// Differences by kind.
    pub kinds: BTreeMap<Fingerprint, Kind>,
    /// Cases that differed, by manner.
    pub manners: BTreeMap<Manner, u32>,
    /// How often each kind of statement was met.
    pub statements: BTreeMap<&'static str, u32>,
    /// The first revisions that each code refused.
    pub refused_of: BTreeMap<String, Vec<String>>,
    /// How often each ordered pair of kinds was met in one revision.
    pub pairs: BTreeMap<(&'static str, &'static str), u32>,
    /// How often plans had each action.
    pub actions: BTreeMap<String, u32>,
    /// Cases that couldn't be tried, with the reason.
    pub broken: BTreeMap<String, u32>,
    /// How often revisions had each of PostgreSQL's tags.
    pub tags: BTreeMap<String, u32>,
    /// How often two tags met in one revision on something of one name.
    pub meetings: BTreeMap<(String, String), u32>,
    /// How long it took.
    pub took: Duration,
    /// Processor time of all of it, in seconds, without shrinking where that could be told apart.
    pub processor_s: Option<f64>,
}

/// So many revisions are shown of each code that refused some, and so much of each.
const EXAMPLES_MAX: usize = 4;
const EXAMPLE_CHARS_MAX: usize = 400;

impl Report {
    /// Counts a case.
    pub fn count(
        &mut self,
        verdict: &Verdict,
        case: &Case,
        statements: &[&'static str],
        actions: &[String],
    ) {
        self.cases += 1;
        match verdict {
            Verdict::Same => self.same += 1,
            Verdict::BothRefuse => self.both_refuse += 1,
            Verdict::Refused { codes } => {
                self.refused += 1;
                for code in codes {
                    *self.codes.entry(code.clone()).or_default() += 1;
                    let examples = self.refused_of.entry(code.clone()).or_default();
                    if examples.len() < EXAMPLES_MAX {
                        examples.push(
                            case.files()
                                .join(" | ")
                                .split_whitespace()
                                .collect::<Vec<_>>()
                                .join(" "),
                        );
                    }
                }
            }
            Verdict::Differs(difference) => {
                *self.manners.entry(difference.manner).or_default() += 1;
            }
        }
        for (at, first) in statements.iter().enumerate() {
            *self.statements.entry(first).or_default() += 1;
            for second in &statements[at + 1..] {
                *self.pairs.entry((first, second)).or_default() += 1;
            }
        }
        for action in actions {
            *self.actions.entry(action.clone()).or_default() += 1;
        }
        self.count_tags(case);
    }

    fn count_tags(&mut self, case: &Case) {
        let all: Vec<_> = case
            .revisions
            .iter()
            .flatten()
            .map(|one| (tags::tags(&one.text()), one.names()))
            .collect();
        for (at, (first, names)) in all.iter().enumerate() {
            for tag in first {
                *self.tags.entry(tag.clone()).or_default() += 1;
            }
            let later = all[at + 1..]
                .iter()
                .filter(|(_, others)| names.iter().any(|name| others.contains(name)));
            for second in later.flat_map(|(second, _)| second) {
                for first in first {
                    *self
                        .meetings
                        .entry((first.clone(), second.clone()))
                        .or_default() += 1;
                }
            }
        }
    }

    /// Adds a difference of a kind that was shrunk, as far as it can be or until its time was over;
    /// kinds that it explains become one with it. The names of the files that are no longer needed.
    pub fn add(&mut self, print: Fingerprint, mut kind: Kind, is_smallest: bool) -> Vec<String> {
        let is_one = |known: &Fingerprint| {
            known.is_one_with(&print)
                && (if is_smallest {
                    known.is_kind_of(&print)
                } else {
                    !known.is_vague()
                })
        };
        if let Some((_, known)) = self.kinds.iter_mut().find(|(known, _)| is_one(known)) {
            known.times += kind.times;
            return vec![kind.file_name()];
        }
        let larger = self
            .kinds
            .keys()
            .filter(|other| !print.is_vague() && print.is_one_with(other));
        let larger: Vec<Fingerprint> = larger.cloned().collect();
        let gone: Vec<Kind> = larger
            .iter()
            .filter_map(|other| self.kinds.remove(other))
            .collect();
        kind.times += gone.iter().map(|other| other.times).sum::<u32>();
        self.kinds.insert(print, kind);
        gone.iter().map(Kind::file_name).collect()
    }

    /// Cases that ended wrong without a word.
    #[must_use]
    pub fn silent(&self) -> u32 {
        self.manners
            .iter()
            .filter(|(manner, _)| manner.is_silent())
            .map(|(_, times)| times)
            .sum()
    }

    /// Cases that differed.
    #[must_use]
    pub fn differing(&self) -> u32 {
        self.manners.values().sum()
    }

    /// Whether everything that differs is known, and every case could be tried: of one that
    /// couldn't, nobody knows.
    #[must_use]
    pub fn all_known(&self) -> bool {
        self.cases > 0 && self.broken.is_empty() && self.kinds.values().all(|kind| kind.known)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |part: u32| f64::from(part) * 100.0 / f64::from(self.cases.max(1));
        writeln!(f, "cases {} in {} s", self.cases, self.took.as_secs())?;
        if let Some(used) = self.processor_s {
            writeln!(
                f,
                "processor time {used:.0} s, {:.2} s a case, shrinking included",
                used / f64::from(self.cases.max(1))
            )?;
        }
        writeln!(
            f,
            "same {} ({:.1} %), both refuse {}, refused {} ({:.1} %), different {} ({:.1} %), of these silent {} ({:.1} %)",
            self.same,
            percent(self.same),
            self.both_refuse,
            self.refused,
            percent(self.refused),
            self.differing(),
            percent(self.differing()),
            self.silent(),
            percent(self.silent())
        )?;
        self.refusals(f)?;
        self.differences(f)?;
        self.coverage(f)?;
        if self.cases == 0 {
            writeln!(f, "\nNO CASE WAS TRIED")?;
        }
        if !self.broken.is_empty() {
            writeln!(f, "\nCOULDN'T BE TRIED, so that nothing is known of them:")?;
            by_times(
                f,
                self.broken.iter().map(|(why, times)| (why.clone(), *times)),
            )?;
        }
        Ok(())
    }
}

impl Report {
    fn refusals(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nrefusals by code, of what psql runs:")?;
        by_times(
            f,
            self.codes
                .iter()
                .map(|(code, times)| (code.clone(), *times)),
        )?;
        for (code, examples) in &self.refused_of {
            for example in examples {
                writeln!(
                    f,
                    "    {code}: {}",
                    example.chars().take(EXAMPLE_CHARS_MAX).collect::<String>()
                )?;
            }
        }
        Ok(())
    }

    fn differences(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\ndifferences by manner:")?;
        by_times(
            f,
            self.manners
                .iter()
                .map(|(manner, times)| (manner.name().to_owned(), *times)),
        )?;
        writeln!(f, "\ndifferences by kind:")?;
        by_times(
            f,
            self.kinds.iter().map(|(print, kind)| {
                let known = match (kind.known, kind.is_smallest) {
                    (true, _) => "",
                    (false, true) => "NEW ",
                    (false, false) => "NEW, not shrunk to its end, ",
                };
                let again = format!("--case {} --ways {}", kind.seed, kind.way.name());
                (format!("{known}{} ({again})", print.text()), kind.times)
            }),
        )
    }

    /// What the cases met.
    fn coverage(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let never: Vec<&str> = crate::statement::all()
            .map(|kind| kind.name)
            .filter(|name| !self.statements.contains_key(name))
            .collect();
        let all = crate::statement::all().count();
        writeln!(
            f,
            "\nkinds of statement met: {} of {all}; never: {}",
            self.statements.len(),
            never.join(", ")
        )?;
        writeln!(
            f,
            "ordered pairs of kinds met: {} of {}",
            self.pairs.len(),
            all * all
        )?;
        writeln!(
            f,
            "\nPostgreSQL's names of what revisions did: {}",
            self.tags.len()
        )?;
        by_times(
            f,
            self.tags.iter().map(|(tag, times)| (tag.clone(), *times)),
        )?;
        writeln!(
            f,
            "\npairs of them on one name: {}; the most frequent:",
            self.meetings.len()
        )?;
        let mut meetings: Vec<_> = self.meetings.iter().collect();
        meetings.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let most = meetings.into_iter().take(MEETINGS_SHOWN);
        by_times(
            f,
            most.map(|((first, second), times)| (format!("{first}, {second}"), *times)),
        )?;
        writeln!(f, "\nactions of plans, of every fourth case:")?;
        by_times(
            f,
            self.actions
                .iter()
                .map(|(action, times)| (action.clone(), *times)),
        )?;
        let never: Vec<String> = all_actions()
            .into_iter()
            .filter(|name| !self.actions.contains_key(name))
            .collect();
        writeln!(f, "actions that no plan had: {}", never.join(", "))
    }
}

/// The tags of all actions that a plan may have, from the published form of plans: the only thing
/// of the planner's that is read here, and nothing is judged by it.
fn all_actions() -> Vec<String> {
    const FORM: &str = include_str!("../../docs/src/plan.schema.json");
    let form: serde_json::Value = serde_json::from_str(FORM).unwrap_or_default();
    let kinds = form["$defs"]["Action"]["oneOf"].as_array();
    let tags = kinds
        .into_iter()
        .flatten()
        .filter_map(|kind| kind["properties"]["do"]["const"].as_str());
    tags.map(str::to_owned).collect()
}

/// Lines, the most frequent first.
fn by_times(f: &mut fmt::Formatter<'_>, lines: impl Iterator<Item = (String, u32)>) -> fmt::Result {
    let mut lines: Vec<(String, u32)> = lines.collect();
    lines.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    for (what, times) in lines {
        writeln!(f, "  {times:>5}  {what}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_tried_is_not_all_well() {
        let mut report = Report::default();
        assert!(!report.all_known());
        report.cases = 1;
        assert!(report.all_known());
        report.broken.insert("57P01".to_owned(), 1);
        assert!(!report.all_known());
    }

    #[test]
    fn actions_are_read_from_the_form_of_plans() {
        let all = all_actions();
        assert!(
            all.len() > 10 && all.iter().any(|tag| tag == "add_column"),
            "{all:?}"
        );
    }
}
